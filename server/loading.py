"""A row of the registry -> a generation that can answer: bundle, towers, index and dictionary, checked and warm."""

from collections.abc import Callable
from pathlib import Path

from multigrain.bundle import Bundle, open_bundle
from multigrain.encoder import Encoder, load_encoder
from multigrain.errors import BundleRefused
from multigrain.features.windows import Windows
from multigrain.index import specs
from multigrain.index.item_index import IndexStore
from multigrain.registry.generation import Generation
from server.live import LiveGeneration, Load
from server.understanding.tagger import Tagger

WARM_QUERY = "running shoes"
WARM_SECONDS = 30.0
"""The first search of an index may read it from disk."""


def loader(indexes: IndexStore, load_towers: Callable[[Bundle], Encoder] = load_encoder) -> Load:
    """Loads generations whose indexes live there.

    `load_towers`: load_compiled_encoder for a server that answers one query at a time for hours; it takes seconds more.
    """

    def load(generation: Generation) -> LiveGeneration:
        bundle = open_bundle(Path(generation.bundle_path))
        return bring_up(generation, load_towers(bundle), indexes, Tagger(bundle.key_terms()))

    return load


def bring_up(generation: Generation, encoder: Encoder, indexes: IndexStore, tagger: Tagger) -> LiveGeneration:
    """Joins the parts. Raises BundleRefused when the towers are not those that the index was built with."""
    if (encoder.bundle_id, encoder.dims) != (generation.bundle_id, generation.dims):
        raise BundleRefused(
            f"generation {generation.generation_id} was built with bundle {generation.bundle_id} of {generation.dims} "
            f"dims, {generation.bundle_path} holds {encoder.bundle_id} of {encoder.dims}: publish it again"
        )
    index = indexes.open(generation.collection)
    index.load()
    live = LiveGeneration(
        generation=generation,
        encoder=encoder,
        index=index,
        tagger=tagger,
        max_k=specs.from_dict(generation.index_spec).max_k,
    )
    _warm(live)
    return live


def _warm(live: LiveGeneration) -> None:
    """The first calls of a model and an index take many times longer than the rest: not in a request."""
    vector = live.encoder.encode_queries([(WARM_QUERY, Windows())])
    live.index.search(vector, 10, timeout_seconds=WARM_SECONDS)
