"""A bundle of either paper's model at its dims and lengths, over a small simulated shop, and users with full histories.

Not trained: what a tower costs does not depend on its weights. Vocabularies are as small as the shop, so tables lie in
cache more than a real shop's do; `item_rows` makes the largest of them longer.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multigrain.bundle import Bundle
from multigrain.features.windows import LONG_TERM_ACTIONS, WindowConfig, Windows
from multigrain.neighbors import Neighbors
from multigrain.text.analyzer import NAME as ANALYZER
from multigrain.types import BehaviorColumns, Item
from trainer.configs.config import TrainingConfig, load_config
from trainer.data.examples import ExamplesManifest
from trainer.data.key_terms import build_key_terms
from trainer.data.logs import items_of
from trainer.data.market.marketplace import make_marketplace
from trainer.data.vocabularies import build_vocabularies
from trainer.models.model import Model, make_model
from trainer.publish.export import Exported, export_bundle

ITEMS, USERS, DAYS, SEED = 4_096, 300, 3, 7
FULL_HISTORIES = 6


@dataclass(frozen=True, slots=True)
class PaperBundle:
    """A bundle, and what to ask it."""

    bundle: Bundle
    model: Model
    """Its towers in memory."""
    queries: tuple[tuple[str, Windows], ...]
    """Texts that shoppers asked, each with a history that fills every window."""
    items: tuple[Item, ...]


def make_paper_bundle(
    folder: Path, *, item_rows: int, paper: str = "mgdspr", neighbors: Neighbors | None = None
) -> PaperBundle:
    """Writes the bundle at `folder`. `item_rows`: rows of the item table that hashed items share. `paper`: whose
    configuration. `neighbors`: None: it gets none.
    """
    config = _config(paper, item_rows)
    logs = make_marketplace(items=ITEMS, users=USERS, days=DAYS, seed=SEED)
    items, asked = tuple(items_of(logs)), logs.searches["query"].to_pylist()
    queries = _queries(items, asked, config.windows.to_floor())
    vocabularies = build_vocabularies(logs, config.vocabulary, before_ms=logs.last_ms)
    model = make_model(config, vocabularies)
    parts = Exported(
        vocabularies=vocabularies,
        terms=build_key_terms(items),
        queries=(*queries, ("", Windows())),
        items=items[:FULL_HISTORIES],
        scores={},
        span=_no_examples(config),
        neighbors=neighbors or Neighbors.none(),
    )
    return PaperBundle(export_bundle(folder, model, parts, config, created_ms=0), model, queries, items)


def _config(paper: str, item_rows: int) -> TrainingConfig:
    config = load_config(paper)
    return config.model_copy(update={"vocabulary": config.vocabulary.model_copy(update={"item_buckets": item_rows})})


def _no_examples(config: TrainingConfig) -> ExamplesManifest:
    """Nothing was trained on: of this only the span of time goes into a bundle."""
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


def _queries(items: tuple[Item, ...], asked: list[str], windows: WindowConfig) -> tuple[tuple[str, Windows], ...]:
    rng = np.random.default_rng(SEED)
    return tuple((text, _full_history(rng, items, asked, windows)) for text in asked[:FULL_HISTORIES])


def _full_history(
    rng: np.random.Generator, items: tuple[Item, ...], asked: list[str], windows: WindowConfig
) -> Windows:
    return Windows(
        realtime=_behaviors(rng, items, windows.realtime_length),
        short=_behaviors(rng, items, windows.short_length),
        long={action: _behaviors(rng, items, windows.long_length) for action in LONG_TERM_ACTIONS},
        queries=tuple(asked[row] for row in rng.integers(0, len(asked), windows.queries_length)),
    )


def _behaviors(rng: np.random.Generator, items: tuple[Item, ...], count: int) -> BehaviorColumns:
    chosen = [items[row] for row in rng.integers(0, len(items), count)]
    return BehaviorColumns(
        item_ids=tuple(item.item_id for item in chosen),
        leaf_categories=tuple(item.leaf_category for item in chosen),
        top_categories=tuple(item.top_category for item in chosen),
        brands=tuple(item.brand for item in chosen),
        shops=tuple(item.shop for item in chosen),
        actions=np.ones(count, np.uint8),
        at_ms=np.arange(count, dtype=np.int64),
    )
