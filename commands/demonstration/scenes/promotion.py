"""A second generation goes live, and back again, while requests run: none fails, none is answered by a mixture."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from commands.demonstration.scenes.scene import Figures, Stage
from commands.demonstration.shop import encoder_of
from commands.demonstration.traffic import Traffic, mixed
from multigrain.encoder import Encoder
from multigrain.errors import Unavailable
from multigrain.figures import Figure
from multigrain.index.item_index import ItemIndex
from multigrain.registry.generation import Generation
from multigrain.types import Int64s, ItemId

BEFORE_SECONDS = 1.0
PATIENCE_SECONDS = 30.0
EVERY_SECONDS = 0.05
QUERIES = 12


def play(stage: Stage, build_next: Callable[[], Generation]) -> Figures:
    """`build_next` makes the second generation; it runs while the requests do."""
    registry, first = stage.shop.registry, stage.client.status().generation_id
    traffic = Traffic(stage.shop.server.address, _queries(stage))
    traffic.start()
    try:
        time.sleep(BEFORE_SECONDS)
        second = build_next()
        registry.promote(second.generation_id)
        _wait_for(stage, second.generation_id)
        registry.rollback()
        _wait_for(stage, str(first))
        time.sleep(BEFORE_SECONDS)
    finally:
        traffic.stop()
    answered = traffic.answered
    checked = mixed(answered, _parts(stage, {one.generation_id for one in answered}), lambda ids: _item_nos(stage, ids))
    by_generation = Counter(one.generation_id for one in answered)
    p99 = float(np.percentile([one.seconds for one in answered], 99)) * 1000
    stage.output.table(
        "5. A second generation is built, promoted and rolled back while requests run",
        ("answers>", "failed>", "mixed>", "p99>", "by generation"),
        [
            (
                len(answered),
                len(traffic.failures),
                checked,
                f"{p99:,.0f} ms",
                ", ".join(f"{name}: {count}" for name, count in sorted(by_generation.items())),
            )
        ],
    )
    stage.output.say("   every answer was recomputed from the query tower and the index of the generation it names\n")
    return [
        Figure(name="answers during the switches", value=len(answered), unit="answers"),
        Figure(name="failed answers", value=len(traffic.failures), unit="answers", target=0),
        Figure(name="mixed answers", value=checked, unit="answers", target=0),
        Figure(name="generations that answered", value=len(by_generation), unit="generations", target=2, at_most=False),
        Figure(name="p99 while building and switching", value=p99, unit="ms"),
    ]


def _queries(stage: Stage) -> list[str]:
    """Categories of the catalogue: each has an answer."""
    return sorted({item.leaf_category for item in stage.cast.items.values()})[:QUERIES]


def _wait_for(stage: Stage, generation_id: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while stage.client.status().generation_id != generation_id and time.monotonic() < deadline:
        time.sleep(EVERY_SECONDS)
    if stage.client.status().generation_id != generation_id:
        raise Unavailable(f"{generation_id} was not served within {PATIENCE_SECONDS:g} s: see the log above")


def _parts(stage: Stage, generation_ids: set[str]) -> dict[str, tuple[Encoder, ItemIndex]]:
    return {
        generation.generation_id: (
            encoder_of(Path(generation.bundle_path)),
            stage.shop.indexes.open(generation.collection),
        )
        for generation in stage.shop.registry.list()
        if generation.generation_id in generation_ids
    }


def _item_nos(stage: Stage, item_ids: Sequence[str]) -> Int64s:
    known = stage.shop.catalogue.get([ItemId(item_id) for item_id in item_ids])
    return np.array([known[ItemId(item_id)].item_no for item_id in item_ids], np.int64)
