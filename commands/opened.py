"""One generation with its towers and its index, opened as a server would: for commands that ask it something."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from sqlalchemy import Engine

    from multigrain.canary import CanaryReport
    from multigrain.encoder import Encoder
    from multigrain.index.item_index import IndexStore, ItemIndex
    from multigrain.registry.generation import Generation
    from multigrain.settings import GenerationSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Ready to be asked."""

    generation: "Generation"
    encoder: "Encoder"
    index: "ItemIndex"


def open_generation(generation: "Generation", indexes: "IndexStore") -> Opened:
    """Takes seconds. Raises what the bundle and the index store raise."""
    from multigrain.bundle import open_bundle
    from multigrain.encoder import load_encoder
    from server.generations.loading import open_index

    index, _ = open_index(generation, indexes, None)
    return Opened(generation=generation, encoder=load_encoder(open_bundle(Path(generation.bundle_path))), index=index)


def look(
    opened: Opened, engine: "Engine", settings: "GenerationSettings", rng: "np.random.Generator"
) -> "CanaryReport":
    """The canary asks it once; another look asks other queries about other items."""
    from multigrain import canary
    from multigrain.canary.queries import canary_queries
    from multigrain.catalog.catalog import SqlCatalogue

    return canary.look(
        opened.generation,
        opened.encoder,
        opened.index,
        SqlCatalogue(engine),
        canary_queries(Path(opened.generation.bundle_path), engine, rng),
        settings,
        seed=int(rng.integers(2**32)),
    )
