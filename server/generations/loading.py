"""A row of the registry -> a generation that can answer: bundle, towers, index and tables, checked and warm."""

from collections.abc import Callable
from pathlib import Path

from multigrain.bundle import Bundle, open_bundle
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.cut_off import CutOff
from multigrain.encoder import Encoder, load_encoder
from multigrain.errors import BundleRefused
from multigrain.features.windows import Windows
from multigrain.index import specs
from multigrain.index.item_index import IndexStore, ItemIndex
from multigrain.index.served_from_memory import ServedFromMemory
from multigrain.neighbors import Neighbors
from multigrain.registry.generation import Generation
from server.encoding.query import encode_alone
from server.generations.following import Following
from server.generations.live import Follower, LiveGeneration, Load, Reopen
from server.generations.neighbourhood import Neighbourhood
from server.understanding.tagger import Tagger

WARM_QUERY = "running shoes"
WARM_SECONDS = 30.0
"""The first search of an index may read it from disk."""


def loader(
    indexes: IndexStore,
    load_towers: Callable[[Bundle], Encoder] = load_encoder,
    catalogue: SqlCatalogue | None = None,
) -> Load:
    """Loads generations whose indexes live there.

    `load_towers`: load_compiled_encoder for a server that answers one query at a time for hours; it takes seconds more.
    `catalogue`: as in bring_up.
    """

    def load(generation: Generation) -> LiveGeneration:
        bundle = open_bundle(Path(generation.bundle_path))
        # Before the towers: a table that cannot be read is refused at once and not after seconds.
        neighbours, cut_off = Neighbourhood(bundle.neighbors()), bundle.cut_off()
        tagger = Tagger(bundle.key_terms())
        return bring_up(generation, load_towers(bundle), indexes, tagger, catalogue, neighbours, cut_off)

    return load


def reopener(indexes: IndexStore, catalogue: SqlCatalogue | None = None) -> Reopen:
    """Opens the index of a loaded generation again; whatever is of its bundle stays."""

    def reopen(live: LiveGeneration, generation: Generation) -> LiveGeneration:
        return bring_up(generation, live.encoder, indexes, live.tagger, catalogue, live.neighbours, live.cut_off)

    return reopen


def bring_up(
    generation: Generation,
    encoder: Encoder,
    indexes: IndexStore,
    tagger: Tagger,
    catalogue: SqlCatalogue | None = None,
    neighbours: Neighbourhood | None = None,
    cut_off: CutOff | None = None,
) -> LiveGeneration:
    """Joins the parts. Raises BundleRefused when the towers are not those that the index was built with.

    `catalogue`: where an index that is served from memory sees what it must read again. None: nothing changes.
    `neighbours`: None: nobody has any. `cut_off`: None: no score is too low.
    """
    if (encoder.bundle_id, encoder.dims) != (generation.bundle_id, generation.dims):
        raise BundleRefused(
            f"generation {generation.generation_id} was built with bundle {generation.bundle_id} of {generation.dims} "
            f"dims, {generation.bundle_path} holds {encoder.bundle_id} of {encoder.dims}: publish it again"
        )
    index, follower = open_index(generation, indexes, catalogue)
    live = LiveGeneration(
        generation=generation,
        encoder=encoder,
        index=index,
        tagger=tagger,
        max_k=specs.from_dict(generation.index_spec).deepest,
        follower=follower,
        cut_off=cut_off,
        neighbours=neighbours or Neighbourhood(Neighbors.none()),
    )
    _warm(live)
    return live


def open_index(
    generation: Generation, indexes: IndexStore, catalogue: SqlCatalogue | None
) -> tuple[ItemIndex, Follower | None]:
    """The index, loaded, searched as the generation's row says; and who keeps it fresh, where it does not itself."""
    spec = specs.from_dict(generation.index_spec)
    durable = indexes.open(generation.collection, spec=spec)
    if not isinstance(spec, specs.MemoryScan):
        durable.load()
        return durable, None
    served = ServedFromMemory(durable, bits=spec.bits)
    # Noted first: what is written while the rows are read may be missed by the reading, and is then read again.
    since = 0 if catalogue is None else catalogue.revision()
    durable.load()
    served.load()
    if catalogue is None:
        return served, None
    following = Following(served, catalogue, since=since)
    following.catch_up()
    return served, following


def _warm(live: LiveGeneration) -> None:
    """The first calls of a model and an index take many times longer than the rest: not in a request."""
    vector = encode_alone(live.encoder, WARM_QUERY, Windows())
    live.index.search(vector, 10, timeout_seconds=WARM_SECONDS)
