"""`multigrain bench pretrain`: what towers find that have read the catalogue alone, beside fresh ones and beside BM25.

All are asked the real searches of a simulated shop, without anybody's history, over all of its items. Which searches
are vague or mistyped is told by the simulation's truth. The towers are MMSE's with half of its dims, so that they are
trained in a minute.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.bench import Bench, Size
from multigrain.features.inputs import item_inputs, query_inputs
from multigrain.features.windows import Windows
from multigrain.figures import Figure
from multigrain.settings import Settings
from multigrain.types import Bools, Int64s
from server.channels.lexical_index import LexicalIndex
from trainer.configs.config import TrainingConfig, load_config
from trainer.data.examples import write_examples
from trainer.data.logs import read_logs
from trainer.data.market.marketplace import Plan
from trainer.data.market.needs import Kind
from trainer.data.market.truth import FOLDER, QUERIES
from trainer.data.market.write import write_marketplace
from trainer.evaluation.recall import recall_at
from trainer.evaluation.systems.system import padded
from trainer.evaluation.topk import exact_top_k
from trainer.evaluation.trial import Trial, read_trial
from trainer.pretraining.flow import pretrain
from trainer.progress import silent
from trainer.training.towers import Towers, fresh_towers, load_towers

PLANS = {Size.SMALL: Plan(items=2_000, users=400, days=7, seed=7)}
TESTED_HOURS = 24.0 * 6
PIECES = 10
DIMS = 64
K = 100
MUST_GAIN = ("all searches", "vague", "mistyped")
"""Where pre-training has to be above both others; by language it is only shown."""
AT_ONCE = 512


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    with tempfile.TemporaryDirectory(prefix="multigrain-bench-") as name:
        root, config = Path(name), _config()
        say("simulating a shop")
        write_marketplace(root / "shop", PLANS[size], lambda done, total: None)
        (root / "examples").mkdir()
        write_examples(root / "shop", root / "examples", config)
        trial = read_trial(read_logs(root / "shop"), root / "examples")
        say("reading its catalogue")
        started = time.perf_counter()
        pretrain(root / "shop", root / "work", config, reporter=silent, clock=time.monotonic, clock_ms=lambda: 0)
        took = Figure(name="catalogue to evaluated bundle", value=time.perf_counter() - started, unit="s")
        learnt = load_towers(root / "work" / "towers")
        say("asking")
        found = {
            "pre-trained": _found(learnt, trial),
            "fresh": _found(fresh_towers(learnt.vocabularies, learnt.config), trial),
            "BM25": _by_words(trial),
        }
        return (*_recalls(trial, found, _kinds(trial, root / "shop" / FOLDER / QUERIES)), took)


def _config() -> TrainingConfig:
    config = load_config("mmse")
    return config.model_copy(
        update={
            "model": config.model.model_copy(update={"dims": DIMS}),
            "pretraining": config.pretraining.model_copy(update={"per_item": PIECES}),
            "run": config.run.model_copy(update={"test_hours": TESTED_HOURS}),
        }
    )


def _kinds(trial: Trial, queries: Path) -> Mapping[str, Bools]:
    """Which of the searches are of each kind."""
    told = {row["query"]: row for row in pq.read_table(queries).to_pylist()}
    rows = [told[example.query] for example in trial.examples]
    chinese = np.array([row["chinese"] for row in rows], bool)
    return {
        "all searches": np.ones(len(rows), bool),
        "vague": np.array([row["kind"] == Kind.VAGUE for row in rows]),
        "mistyped": np.array([row["mistyped"] for row in rows], bool),
        "Chinese": chinese,
        "not Chinese": ~chinese,
    }


def _recalls(trial: Trial, found: Mapping[str, Int64s], kinds: Mapping[str, Bools]) -> Sequence[Figure]:
    figures = []
    for kind, chosen in kinds.items():
        wanted = [rows for rows, one in zip(trial.wanted, chosen, strict=True) if one]
        recalls = {name: recall_at(rows[chosen], wanted, K) for name, rows in found.items()}
        floor = max(recalls["BM25"], recalls["fresh"])
        for name, value in recalls.items():
            target = floor if name == "pre-trained" and kind in MUST_GAIN else None
            about = f"recall@{K} of {name}, {kind} ({chosen.sum():,})"
            figures.append(Figure(name=about, value=value, unit="", target=target, at_most=False))
    return figures


def _found(towers: Towers, trial: Trial) -> Int64s:
    """[B, K], exact, without anybody's history."""
    text, windows = towers.config.text.to_floor(), towers.config.windows.to_floor()
    asked = [(example.query, Windows()) for example in trial.examples]
    queries, items = [], []
    for start in range(0, len(asked), AT_ONCE):
        inputs = query_inputs(asked[start : start + AT_ONCE], towers.vocabularies, text, windows)
        queries.append(towers.model.query(inputs).numpy())
    for start in range(0, len(trial.items), AT_ONCE):
        shown = item_inputs(trial.items[start : start + AT_ONCE], towers.vocabularies, text)
        items.append(towers.model.item(shown["item"], shown["title_words"], shown["side"]).numpy())
    return exact_top_k(np.concatenate(queries), np.concatenate(items), K)


def _by_words(trial: Trial) -> Int64s:
    """[B, K] of the lexical channel's index."""
    index = LexicalIndex()
    index.put((row, item.title) for row, item in enumerate(trial.items))
    index.compact()
    found = [index.search(example.query, K).item_nos for example in trial.examples]
    index.close()
    return padded(found, K)


BENCH = Bench(
    name="pretrain",
    summary="recall of real searches by towers that have read a catalogue alone, beside fresh ones and BM25",
    sizes=tuple(PLANS),
    run=_run,
)
