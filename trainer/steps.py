"""The steps of the trainer's story, each as one finished folder. What follows what is told in flow.py."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from multigrain import cut_off
from multigrain.bundle import Bundle
from multigrain.encoder import load_encoder
from multigrain.errors import NotFound
from multigrain.features.windows import Windows
from multigrain.finished import MARK, mark_of, write_mark, written_beside
from multigrain.key_terms import load as load_key_terms
from multigrain.neighbors import load as load_neighbors
from multigrain.text.analyzer import NAME as ANALYZER
from multigrain.types import Int64s, Item
from trainer.configs.config import TrainingConfig
from trainer.cut_off.choosing import RULE as CUT_OFF_RULE
from trainer.data.example import Example
from trainer.data.example_rows import ROW_FORMAT, read_examples
from trainer.data.examples import MANIFEST, read_manifest, write_examples
from trainer.data.finished_examples import check_examples
from trainer.data.key_terms.build import RULE
from trainer.data.key_terms.write import write_key_terms
from trainer.data.logs import CATALOG, EVENTS, SEARCHES, Logs, items_of
from trainer.data.neighbors.build import TABLE, write_neighbors
from trainer.data.title_pieces import write_pieces
from trainer.data.vocabularies import build_vocabularies, clicks_by_item
from trainer.evaluation.before import read_before, save_before
from trainer.evaluation.evaluate import evaluate_bundle
from trainer.evaluation.report import FORMAT, Look, save_report
from trainer.evaluation.trial import trial_of
from trainer.progress import Clock, Progress, Reporter
from trainer.training.journal import FILE as JOURNAL
from trainer.training.journal import read_journal

LOSSES = "losses.json"
BUNDLE = "bundle"
"""Inside its step's folder, for a bundle has a mark of its own."""


EXAMPLES, TOWERS, NEIGHBORS, EXPORT, EVALUATION = "examples", "towers", "neighbors", "export", "evaluation"
KEY_TERMS, CUT_OFF = "key_terms", "cut_off"
CHECKPOINTS = "checkpoints"
FREE_TO_CHANGE = {"checkpoint_minutes", "examples_memory_mb", "recall_steps", "spread"}
"""Of [run]: what the towers do not depend on, so that a broken run may go on with other values."""


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


def made_from_logs(folder: Path, tables: Sequence[str] = (CATALOG, SEARCHES, EVENTS)) -> str:
    """A name for the contents of a log folder, or of some of its tables: other logs, other name."""
    digest = hashlib.sha256()
    for name in tables:
        place = folder / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            # As readers of the layout do: what somebody has not finished writing is not there yet.
            if file.is_file() and not file.name.startswith((".", "_")):
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


class Steps:
    """Makes the folder of each step, or finds it made. TensorFlow is imported only by steps that need it."""

    def __init__(self, work: Path, config: TrainingConfig, source: str, *, reporter: Reporter, clock: Clock) -> None:
        self._work, self._config, self._source = work, config, source
        self._reporter, self._clock = reporter, clock

    def given_examples(self, logs: Logs, given: Path) -> Path:
        """Examples that were made before, checked and taken in. Raises NotFound; InvalidConfig if others are wanted."""
        check_examples(given, logs, self._config)

        def make(draft: Path) -> None:
            # Without the mark: it is written anew, and through a link that would change the one over there.
            shutil.copytree(given, draft, copy_function=_link, ignore=shutil.ignore_patterns(MARK), dirs_exist_ok=True)

        manifest = hashlib.sha256((given / MANIFEST).read_bytes()).hexdigest()
        return self._step(EXAMPLES, _named(self._source, mark_of(given), manifest), make)

    def examples(self, logs_folder: Path) -> Path:
        """Examples, split by time."""
        config = self._config

        def make(draft: Path) -> None:
            write_examples(logs_folder, draft, config)

        cut = {name: getattr(config.run, name) for name in ("test_hours", "leave_out_hours", "shards")}
        parts = (config.windows.model_dump(), config.robots.model_dump(), config.title_spans.model_dump(), cut)
        made_from = _named(self._source, *parts, ANALYZER, ROW_FORMAT)
        return self._step(EXAMPLES, made_from, make)

    def pieces(self, logs: Logs) -> Path:
        """Pieces of the catalogue's titles, in the place of searches."""

        def make(draft: Path) -> None:
            write_pieces(logs, draft, self._config)

        parts = (self._config.pretraining.model_dump(), self._config.run.shards, ANALYZER, ROW_FORMAT)
        return self._step(EXAMPLES, _named(self._source, *parts), make)

    def towers(self, logs: Logs, examples: Path, start_from: Path | None) -> Path:
        """Vocabularies, weights, and how the loss came down. `start_from`: an earlier work folder, or a bundle;
        None: fresh towers.

        While it runs, checkpoints stand beside it: the same call goes on from the newest. Raises PartDone at the end on
        a machine that helped another one's run.
        """
        earlier = None if start_from is None else _towers_in(start_from)
        came_from = "" if earlier is None else mark_of(earlier)
        made_from = _named(self._source, mark_of(examples), self._config_of_towers(), came_from)
        checkpoints = self._work / CHECKPOINTS / made_from[:16]

        def make(draft: Path) -> None:
            from trainer.training.checkpoints import Checkpoints
            from trainer.training.loop import Kept
            from trainer.training.spread import make_spread
            from trainer.training.stopping import PartDone
            from trainer.training.towers import fresh_towers, load_towers, save_towers
            from trainer.training.train import train
            from trainer.training.warm_start import warm_start

            items, clicks = self._items_and_clicks(logs, examples)
            before_ms = read_manifest(examples).test_from_ms
            vocabularies = build_vocabularies(logs, self._config.vocabulary, before_ms=before_ms)
            spread = make_spread(self._config.run)
            with spread.scope():
                towers = fresh_towers(vocabularies, self._config)
            if earlier is not None:
                warm_start(towers, load_towers(earlier))
            trained = train(
                examples,
                items,
                clicks,
                vocabularies,
                self._config,
                model=towers.model,
                spread=spread,
                kept=Kept(self._work, Checkpoints(checkpoints)),
                reporter=self._reporter,
                clock=self._clock,
            )
            if not spread.chief:
                raise PartDone
            save_towers(towers, draft)
            (draft / LOSSES).write_text(json.dumps(trained.losses), encoding="utf-8")

        towers_folder = self._step(TOWERS, made_from, make)
        # Only now: until the mark is written they are what a broken run goes on from.
        shutil.rmtree(checkpoints, ignore_errors=True)
        return towers_folder

    def neighbors(self, logs_folder: Path, examples: Path) -> Path:
        """Item to item, from what was chosen before the test part begins."""
        config = self._config
        before_ms = read_manifest(examples).test_from_ms

        def make(draft: Path) -> None:
            if config.neighbors.per_item:
                write_neighbors(
                    logs_folder,
                    draft,
                    config.neighbors,
                    config.robots,
                    before_ms=before_ms,
                    reporter=self._reporter,
                    clock=self._clock,
                )

        parts = (config.neighbors.model_dump(), config.robots.model_dump(), before_ms)
        return self._step(NEIGHBORS, _named(self._source, *parts), make)

    def key_terms(self, logs: Logs, examples: Path) -> Path:
        """What words demand, from the catalogue and from what was chosen before the test part begins."""
        robots, before_ms = self._config.robots, read_manifest(examples).test_from_ms

        def make(draft: Path) -> None:
            write_key_terms(logs, draft, robots, before_ms=before_ms)

        return self._step(KEY_TERMS, _named(self._source, robots.model_dump(), before_ms, ANALYZER, RULE), make)

    def cut_off(self, logs: Logs, examples: Path, towers: Path) -> Path | None:
        """How likely an item is by its score, and when that is too little. None: none is wanted."""
        config = self._config.cut_off
        if not config.searches:
            return None

        def make(draft: Path) -> None:
            from trainer.cut_off.flow import fit_cut_off
            from trainer.training.towers import load_towers

            # Towers that were trained before may have been kept with another cut-off in mind.
            trained = replace(load_towers(towers), config=self._config)
            fit_cut_off(logs, examples, trained, draft, reporter=self._reporter, clock=self._clock)

        parts = (self._source, mark_of(examples), mark_of(towers), config.model_dump(), CUT_OFF_RULE)
        return self._step(CUT_OFF, _named(*parts), make)

    def bundle(
        self,
        logs: Logs,
        examples: Path,
        *,
        towers: Path,
        neighbors: Path,
        terms: Path,
        cut: Path | None,
        created_ms: int,
    ) -> Path:
        """The bundle, in a folder inside the step's. `cut`: None: no item goes for its score alone."""

        def make(draft: Path) -> None:
            from trainer.publish.export import Exported, export_bundle
            from trainer.training.towers import load_towers

            trained = load_towers(towers)
            items = list(items_of(logs))
            shown = list(islice(read_examples(examples, "train"), self._config.run.golden))
            parts = Exported(
                vocabularies=trained.vocabularies,
                terms=load_key_terms(terms),
                queries=_golden_queries(shown),
                items=_golden_items(items, shown),
                scores={"loss": json.loads((towers / LOSSES).read_text(encoding="utf-8"))[-1]},
                span=read_manifest(examples),
                neighbors=load_neighbors(neighbors / TABLE),
                cut_off=None if cut is None else cut_off.load(cut, dims=self._config.model.dims),
            )
            export_bundle(draft / BUNDLE, trained.model, parts, self._config, created_ms=created_ms)

        made_from = [mark_of(step) for step in (towers, neighbors, terms, cut) if step is not None]
        return self._step(EXPORT, _named(*made_from), make) / BUNDLE

    def evaluation(self, logs: Logs, examples: Path, bundle: Bundle) -> Path:
        """The report on the test part, through the bundle."""

        def make(draft: Path) -> None:
            looks = [Look(step=line.step, loss=line.loss, recall=line.recall) for line in read_journal(journal)]
            before = read_before(logs, read_manifest(examples).test_from_ms)
            trial = trial_of(examples, list(items_of(logs)), before)
            save_report(evaluate_bundle(load_encoder(bundle), trial, training=looks), draft)
            save_before(before, draft)

        journal = self._work / JOURNAL
        return self._step(EVALUATION, _named(self._source, bundle.bundle_id, FORMAT), make)

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

    def _config_of_towers(self) -> dict[str, object]:
        """What the towers depend on, as JSON holds it."""
        return self._config.model_dump(
            exclude={"run": FREE_TO_CHANGE, "neighbors": True, "pretraining": True, "cut_off": True}
        )

    def _items_and_clicks(self, logs: Logs, examples: Path) -> tuple[list[Item], Int64s]:
        items = list(items_of(logs))
        before_ms = read_manifest(examples).test_from_ms
        return items, np.array(clicks_by_item(logs, items, before_ms=before_ms), np.int64)


def _towers_in(place: Path) -> Path:
    """Where the towers are: in the work folder of a run, or in a bundle."""
    return place / TOWERS if (place / TOWERS).is_dir() else place


def _link(source: str, target: str) -> None:
    """The same file under another name: shards are large, and never written into. A copy where no link reaches."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _named(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _golden_queries(shown: list[Example]) -> tuple[tuple[str, Windows], ...]:
    """Real queries with their history, and the hardest inputs there are: no text, no history, unknown words."""
    return (*((example.query, example.history) for example in shown), ("", Windows()), ("zxqvk 鑫", Windows()))


def _golden_items(items: list[Item], shown: list[Example]) -> tuple[Item, ...]:
    """What those users clicked, and as many from the start of the catalogue, clicked or not."""
    clicked = {example.clicked[0] for example in shown}
    return (*(item for item in items if item.item_id in clicked), *items[: len(shown)])
