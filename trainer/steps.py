"""The steps of the trainer's story, each as one finished folder. What follows what is told in flow.py."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multigrain.bundle import Bundle
from multigrain.encoder import load_encoder
from multigrain.errors import NotFound
from multigrain.features.inputs import Vocabularies
from multigrain.features.windows import Windows
from multigrain.finished import mark_of, write_mark, written_beside
from multigrain.text.analyzer import NAME as ANALYZER
from multigrain.types import Int64s, Item
from trainer.configs.config import TrainingConfig
from trainer.data.example import Example
from trainer.data.example_rows import read_examples
from trainer.data.examples import read_manifest, write_examples
from trainer.data.key_terms import build_key_terms
from trainer.data.logs import CATALOG, EVENTS, SEARCHES, Logs, items_of
from trainer.data.vocabularies import build_vocabularies, clicks_by_item
from trainer.evaluation.evaluate import evaluate, save_report
from trainer.progress import Clock, Progress, Reporter

VOCABULARY = "vocabulary"
LOSSES = "losses.json"
BUNDLE = "bundle"
"""Inside its step's folder, for a bundle has a mark of its own."""


EXAMPLES, TOWERS, EXPORT, EVALUATION = "examples", "towers", "export", "evaluation"


@dataclass(frozen=True, slots=True)
class Finished:
    """Where a finished run keeps what publishing needs."""

    examples: Path
    bundle: Path
    evaluation: Path


def finished_steps(work: Path) -> Finished:
    """The folders of a finished run. Raises NotFound naming the first step that is not."""
    for name in (EXAMPLES, EXPORT, EVALUATION):
        if mark_of(work / name) is None:
            raise NotFound(f"{work / name} is not finished: run the training to its end first")
    return Finished(work / EXAMPLES, work / EXPORT / BUNDLE, work / EVALUATION)


def made_from_logs(folder: Path) -> str:
    """A name for the contents of a log folder: other logs, other name."""
    digest = hashlib.sha256()
    for name in (CATALOG, SEARCHES, EVENTS):
        place = folder / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file():
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


class Steps:
    """Makes the folder of each step, or finds it made. TensorFlow is imported only by steps that need it."""

    def __init__(self, work: Path, config: TrainingConfig, source: str, *, reporter: Reporter, clock: Clock) -> None:
        self._work, self._config, self._source = work, config, source
        self._reporter, self._clock = reporter, clock

    def examples(self, logs_folder: Path) -> Path:
        """Examples, split by time."""
        config = self._config

        def make(draft: Path) -> None:
            write_examples(logs_folder, draft, config)

        cut = {"test_hours": config.run.test_hours, "shards": config.run.shards}
        made_from = _named(self._source, config.windows.model_dump(), config.robots.model_dump(), cut, ANALYZER)
        return self._step(EXAMPLES, made_from, make)

    def towers(self, logs: Logs, examples: Path) -> Path:
        """Vocabularies, weights, and how the loss came down."""

        def make(draft: Path) -> None:
            from trainer.models.weights import save_weights
            from trainer.train import train

            items, clicks = self._items_and_clicks(logs, examples)
            before_ms = read_manifest(examples).test_from_ms
            vocabularies = build_vocabularies(logs, self._config.vocabulary, before_ms=before_ms)
            trained = train(
                examples, items, clicks, vocabularies, self._config, reporter=self._reporter, clock=self._clock
            )
            vocabularies.save(draft / VOCABULARY)
            save_weights(trained.model, draft)
            (draft / LOSSES).write_text(json.dumps(trained.losses), encoding="utf-8")

        return self._step(TOWERS, self._whole_source(), make)

    def bundle(self, logs: Logs, examples: Path, towers: Path, *, created_ms: int) -> Path:
        """The bundle, in a folder inside the step's."""

        def make(draft: Path) -> None:
            from trainer.models.weights import load_weights
            from trainer.publish.export import Exported, export_bundle
            from trainer.train import make_model

            vocabularies = Vocabularies.load(towers / VOCABULARY)
            model = make_model(self._config, vocabularies)
            load_weights(model, towers)
            items = list(items_of(logs))
            shown = list(read_examples(examples, "train"))[: self._config.run.golden]
            parts = Exported(
                vocabularies=vocabularies,
                terms=build_key_terms(items),
                queries=_golden_queries(shown),
                items=_golden_items(items, shown),
                scores={"loss": json.loads((towers / LOSSES).read_text(encoding="utf-8"))[-1]},
                span=read_manifest(examples),
            )
            export_bundle(draft / BUNDLE, model, parts, self._config, created_ms=created_ms)

        return self._step(EXPORT, self._whole_source(), make) / BUNDLE

    def evaluation(self, logs: Logs, examples: Path, bundle: Bundle) -> Path:
        """The report on the test part, through the bundle."""

        def make(draft: Path) -> None:
            items, clicks = self._items_and_clicks(logs, examples)
            report = evaluate(load_encoder(bundle), list(read_examples(examples, "test")), items, clicks)
            save_report(report, draft)

        return self._step(EVALUATION, _named(self._source, bundle.bundle_id), make)

    def _step(self, name: str, made_from: str, make: Callable[[Path], None]) -> Path:
        """The finished folder `name`; made again unless it is there and was made from the same."""
        folder = self._work / name
        if mark_of(folder) != made_from:
            self._reporter(Progress(step=name, done=0, total=1, per_second=0.0))
            with written_beside(folder) as draft:
                make(draft)
                write_mark(draft, made_from)
        self._reporter(Progress(step=name, done=1, total=1, per_second=0.0))
        return folder

    def _whole_source(self) -> str:
        return _named(self._source, self._config.model_dump())

    def _items_and_clicks(self, logs: Logs, examples: Path) -> tuple[list[Item], Int64s]:
        items = list(items_of(logs))
        before_ms = read_manifest(examples).test_from_ms
        return items, np.array(clicks_by_item(logs, items, before_ms=before_ms), np.int64)


def _named(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _golden_queries(shown: list[Example]) -> tuple[tuple[str, Windows], ...]:
    """Real queries with their history, and the hardest inputs there are: no text, no history, unknown words."""
    return (*((example.query, example.history) for example in shown), ("", Windows()), ("zxqvk 鑫", Windows()))


def _golden_items(items: list[Item], shown: list[Example]) -> tuple[Item, ...]:
    """What those users clicked, and as many from the start of the catalogue, clicked or not."""
    clicked = {example.clicked[0] for example in shown}
    return (*(item for item in items if item.item_id in clicked), *items[: len(shown)])
