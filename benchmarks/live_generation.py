"""A generation that is live at once: a bench evaluates nothing."""

import sqlalchemy as sa

from multigrain.index import specs
from multigrain.registry.generation import Evaluated, Generation, GenerationState
from multigrain.registry.sql import SqlRegistry, wall_clock_ms
from multigrain.types import GenerationId


def make_live(
    engine: sa.Engine,
    generation_id: str,
    *,
    bundle_id: str,
    bundle_path: str,
    collection: str,
    spec: specs.IndexSpec,
    dims: int,
) -> None:
    """Call it last: whoever finds it live finds everything of it."""
    registry, now_ms = SqlRegistry(engine), wall_clock_ms()
    generation = Generation(
        generation_id=GenerationId(generation_id),
        state=GenerationState.BUILDING,
        bundle_id=bundle_id,
        bundle_path=bundle_path,
        collection=collection,
        index_spec=specs.to_dict(spec),
        dims=dims,
        catalogue_revision=0,
        created_ms=now_ms,
        changed_ms=now_ms,
    )
    registry.create(generation)
    registry.mark_ready(generation.generation_id, Evaluated())
    registry.promote(generation.generation_id, override="a bench evaluates nothing")
