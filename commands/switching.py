"""Making a generation live: its index is asked once more, the registry decides, and what is no longer needed goes."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from commands.output import Output

if TYPE_CHECKING:
    from multigrain.index.item_index import IndexStore
    from multigrain.registry.generation import Generation
    from multigrain.registry.sql import SqlRegistry
    from multigrain.settings import Settings

Indexes = Callable[[], "IndexStore"]
"""Opens them when they are needed: what needs no index must not fail for want of Milvus."""


def promote(
    name: str, settings: "Settings", registry: "SqlRegistry", output: Output, *, note: str, override: str
) -> None:
    """Raises GateRefused when the canary or the gate refuses, WrongState when it cannot go live."""
    from commands.stores import open_index_store
    from multigrain.types import GenerationId

    generation = registry.get(GenerationId(name))
    indexes = functools.cache(lambda: open_index_store(settings))  # once: Milvus Lite has one owner
    if generation.is_fed:
        _ask_canary(generation, settings, indexes, output)
    registry.promote(generation.generation_id, note=note, override=override)
    output.say(f"{name} is live; servers switch to it within their registry_poll_ms")
    tidy_up(settings, registry, indexes, output)


def tidy_up(settings: "Settings", registry: "SqlRegistry", indexes: Indexes, output: Output) -> None:
    """Best effort: what cannot go now goes the next time."""
    from commands.stores import open_engine
    from multigrain.catalog.catalog import SqlCatalogue
    from multigrain.errors import Unavailable
    from multigrain.registry.tidy import tidy

    kept = settings.generation
    try:
        tidied = tidy(
            registry,
            SqlCatalogue(open_engine(settings)),
            indexes(),
            keep_retired=kept.keep_retired,
            rested_ms=round(kept.rest_minutes * 60_000),
        )
    except Unavailable as error:
        output.say(f"indexes that nobody needs are left for the next time: {error}")
        return
    for given_up in tidied.abandoned:
        output.say(f"{given_up} is failed: its builder has gone without a word")
    for dropped in tidied.dropped:
        output.say(f"index {dropped} is dropped")


def _ask_canary(generation: "Generation", settings: "Settings", indexes: Indexes, output: Output) -> None:
    import numpy as np

    from commands.opened import look, open_generation
    from commands.stores import open_engine
    from multigrain.canary import refusal
    from multigrain.errors import IndexUnavailable

    try:
        opened = open_generation(generation, indexes())
    except IndexUnavailable as error:
        if "://" in settings.milvus_uri:
            raise
        # The server that has it open asks its canary itself; it was asked when it was built, too.
        output.say(f"the canary is not asked: {error}")
        return
    report = look(opened, open_engine(settings), settings.generation, np.random.default_rng())
    floor = settings.generation.canary_recall_floor
    if not report.passes(floor):
        raise refusal(generation, report, floor)
    output.say(f"canary: {report.describe(floor)}")
