"""Takes away what no generation needs any more: builds that nobody finishes, and indexes beyond the kept ones.

In this order, so that a crash anywhere leaves only something to drop: the registry says that an index is given up;
every batch of the stream that might still write to it is waited for; the index goes. A collection that the registry
never heard of is left alone, for another deployment may share the server: `orphans` names them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.index.item_index import IndexStore
from multigrain.registry.generation import Generation, GenerationState
from multigrain.registry.registry import Registry
from multigrain.types import GenerationId

PREFIX = "items_"
"""Every index of ours is named so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """What was taken away."""

    abandoned: tuple[GenerationId, ...]
    """Builds whose builder is gone: failed now."""
    dropped: tuple[str, ...]
    """Names of indexes."""


def tidy(
    registry: Registry, catalogue: SqlCatalogue, indexes: IndexStore, *, keep_retired: int, rested_ms: int
) -> Tidied:
    """Does it. May block, and raises what the stores raise; what is left then goes the next time."""
    abandoned = registry.give_up_abandoned()
    registry.drop_retired(keep=keep_retired, rested_ms=rested_ms)
    there = set(indexes.names())
    useless = [one.collection for one in registry.list() if _is_useless(one) and one.collection in there]
    if useless:
        with catalogue.held():
            pass  # whoever was writing to them has finished
    for name in useless:
        indexes.open(name).drop()
    return Tidied(abandoned=tuple(one.generation_id for one in abandoned), dropped=tuple(useless))


def collection_of(generation_id: GenerationId) -> str:
    """Name of a generation's index: what Milvus allows in a name."""
    return PREFIX + "".join(c if c.isascii() and c.isalnum() else "_" for c in generation_id)


def orphans(registry: Registry, indexes: IndexStore) -> Sequence[str]:
    """Indexes that are named as ours are and belong to no generation, or to one that does not want them any more."""
    wanted = {one.collection for one in registry.list() if not _is_useless(one)}
    return [name for name in indexes.names() if name.startswith(PREFIX) and name not in wanted]


def _is_useless(generation: Generation) -> bool:
    return generation.state is GenerationState.FAILED or generation.dropped_ms is not None
