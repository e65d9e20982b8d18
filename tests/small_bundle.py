"""Bundles with real, untrained towers, made in seconds: of any number of dims, over one small shop."""

from collections.abc import Sequence
from pathlib import Path

from multigrain.bundle import Bundle
from multigrain.features.windows import Windows
from multigrain.text.analyzer import NAME as ANALYZER
from multigrain.types import Item
from tests.small_training import small_config
from trainer.configs.config import TrainingConfig
from trainer.data.examples import ExamplesManifest
from trainer.data.logs import Logs, items_of
from trainer.data.vocabularies import build_vocabularies
from trainer.models.model import make_model
from trainer.publish.export import Exported, export_bundle

GOLDEN_ITEMS = 3


def shop_items(logs: Logs) -> Sequence[Item]:
    """What the shop of these logs sells."""
    return tuple(items_of(logs))


def make_small_bundle(folder: Path, logs: Logs, *, dims: int) -> Bundle:
    """Writes the bundle at `folder`."""
    config = small_config(model={"dims": dims})
    vocabularies = build_vocabularies(logs, config.vocabulary, before_ms=logs.last_ms)
    parts = Exported(
        vocabularies=vocabularies,
        terms=(),
        queries=tuple((text, Windows()) for text in dict.fromkeys(logs.searches["query"].to_pylist()[:5])),
        items=tuple(shop_items(logs)[:GOLDEN_ITEMS]),
        scores={},
        span=_untrained(config),
    )
    return export_bundle(folder, make_model(config, vocabularies), parts, config, created_ms=0)


def _untrained(config: TrainingConfig) -> ExamplesManifest:
    """Of this only the span of time goes into a bundle."""
    return ExamplesManifest(
        train=0,
        test=0,
        from_ms=0,
        test_from_ms=0,
        to_ms=0,
        shards=0,
        robot_users=0,
        robot_searches=0,
        engine="",
        analyzer=ANALYZER,
        windows=config.windows.model_dump(),
        robots=config.robots.model_dump(),
    )
