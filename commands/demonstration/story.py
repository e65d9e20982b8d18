"""READ FIRST: the demo on one screen. A shop's logs become a model, the model an index, the index a service; then five
scenes are played against that service, over gRPC, as any backend would.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from commands.demonstration import casting
from commands.demonstration.scenes import a_click, brand_query, new_item, promotion, two_tastes
from commands.demonstration.scenes.scene import Figures, Stage
from commands.demonstration.shop import Shop, now_ms
from commands.log_events import behavior_events, catalogue_events
from commands.output import Output
from commands.progress import Progress
from commands.recent import recent_first_day_ms
from commands.reporting import reporter_on
from multigrain.figures import Figure
from multigrain.index.planner import plan
from multigrain.registry.generation import Generation
from multigrain.settings import Settings
from multigrain.types import RETRIEVE_MAX, GenerationId
from trainer.configs.config import load_config
from trainer.data.logs import Logs, write_logs
from trainer.data.market.marketplace import make_marketplace
from trainer.flow import Candidate, make_candidate, publish
from trainer.progress import Reporter
from trainer.publish.index_build import Stores

SECOND_EPOCHS = 3
"""The second model is there to be switched to; it need not be good."""
WHY_THE_SECOND = "trained for less long, to show a switch"
"""The gate need not like it: a person may override it, and the registry keeps why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is played, and how large."""

    folder: Path
    items: int
    users: int
    days: int
    seed: int
    train_config: str


@contextmanager
def played(script: Plan, settings: Settings, output: Output) -> Iterator[tuple[Shop, Figures]]:
    """Plays the demo; the shop is open to the end of the block."""
    with output.progress() as progress:
        logs = _simulate(script, progress)
        with reporter_on(progress) as reporter:
            first = _train(script, "first", reporter)
            second = _train(script, "second", reporter, epochs=SECOND_EPOCHS)
        shop = Shop(settings)
        try:
            _take_in(shop, logs, progress)
            with reporter_on(progress) as reporter:
                generation = _publish(shop, first, reporter)
            shop.registry.promote(generation.generation_id)
            with progress.step("opening the shop"):
                client = shop.open()
        except BaseException:
            shop.close()
            raise
    try:
        figures = _show_model(first, output)
        stage = Stage(shop, client, casting.cast(logs), output)
        figures += two_tastes.play(stage)
        figures += a_click.play(stage)
        figures += brand_query.play(stage)
        figures += new_item.play(stage)
        figures += promotion.play(stage, lambda: _publish(shop, second, lambda report: None, override=WHY_THE_SECOND))
        yield shop, figures
    finally:
        client.close()
        shop.close()


def _simulate(script: Plan, progress: Progress) -> Logs:
    with progress.step("simulating a marketplace") as step:
        logs = make_marketplace(
            script.items, script.users, script.days, script.seed, first_day_ms=recent_first_day_ms(script.days)
        )
        write_logs(script.folder / "logs", logs)
        step.update(1, 1, f"{len(logs.catalog):,} items, {len(logs.searches):,} searches, {len(logs.events):,} events")
    return logs


def _train(script: Plan, name: str, reporter: Reporter, *, epochs: int | None = None) -> Candidate:
    config = load_config(script.train_config)
    if epochs is not None:
        changes = {"epochs": epochs, "seed": config.run.seed + 1}
        config = config.model_copy(update={"run": config.run.model_copy(update=changes)})
    return make_candidate(
        script.folder / "logs",
        script.folder / f"training-{name}",
        config,
        reporter=lambda report: reporter(replace(report, step=f"{name} model: {report.step}")),
        clock=time.monotonic,
        clock_ms=now_ms,
    )


def _take_in(shop: Shop, logs: Logs, progress: Progress) -> None:
    """Catalogue and history reach the stores as everything does: as events, through the stream's handlers."""
    total = len(logs.catalog) + len(logs.searches) + len(logs.events)
    with progress.step("streaming the catalogue and the history") as step:
        events = chain(catalogue_events(logs), behavior_events(logs))
        taken = shop.take_in(events, lambda count: step.update(count, total, "events"))
        step.update(taken, total, f"{taken:,} events, {len(shop.dead_letters.letters)} dead letters")


def _publish(shop: Shop, candidate: Candidate, reporter: Reporter, *, override: str = "") -> Generation:
    count, dims = shop.catalogue.count(), candidate.bundle.manifest.dims
    number = len(shop.registry.list()) + 1
    return publish(
        candidate,
        Stores(catalogue=shop.catalogue, registry=shop.registry, indexes=shop.indexes),
        generation_id=GenerationId(f"g-{datetime.now(UTC):%Y%m%d}-{number}"),
        bundles=shop.settings.bundles_dir,
        spec=plan(count, dims, RETRIEVE_MAX, lite=True).spec,
        settings=shop.settings.generation,
        rules=shop.settings.gate,
        override=override,
        reporter=reporter,
        clock=time.monotonic,
        clock_ms=now_ms,
    )


def _show_model(candidate: Candidate, output: Output) -> Figures:
    """The measured quality of the first model, before anything is shown with it."""
    scores = candidate.report.scores
    rows = [("the model", ""), ("the same model, history withheld", "history_off_"), ("popularity", "popularity_")]
    output.table(
        f"Recall of clicked items on the last day: {candidate.report.queries:,} searches, all "
        f"{candidate.report.items:,} items, exact",
        ("", "at 10>", "at 100>"),
        [(name, f"{scores[key + 'recall@10']:.3f}", f"{scores[key + 'recall@100']:.3f}") for name, key in rows],
    )
    output.say("")
    return [Figure(name=f"{key}recall@100", value=scores[f"{key}recall@100"], unit="") for _, key in rows]
