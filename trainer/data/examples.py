"""Logs -> examples: one for each search with a click, with the user's history as it was just before that search.

READ FIRST: `write_examples` is the whole job. Its steps are relational expressions (joining/), written once; an engine
runs them, DuckDB or Spark, and both write the same rows.

Point in time: nothing that happened at or after a search is in its history, and the history is cut exactly as the
feature store cuts it, so that training sees what serving will see. Split by time: the last hours are for testing. Hours
after those can be left out: what happened then is not read, so that the test part proper stays unseen in development.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import ibis.expr.types as ir

from multigrain.errors import NotFound
from multigrain.features.windows import HOUR_MS
from multigrain.text import analyzer
from trainer.configs.config import TrainingConfig
from trainer.data.example_rows import COLUMNS
from trainer.data.joining.as_of import with_history
from trainer.data.joining.engines.duckdb import open_duckdb
from trainer.data.joining.engines.engine import Engine, OpenEngine
from trainer.data.joining.grains import grains_of
from trainer.data.joining.histories import histories
from trainer.data.joining.log_tables import read_log_tables, time_span
from trainer.data.joining.outcomes import with_outcomes
from trainer.data.joining.parts import PARTS, TEST, TRAIN, labels_by_part, robots_by_part, searches_by_part
from trainer.data.joining.shards import PART, PLACE, SHARD, shards_for, with_place
from trainer.data.title_spans import add_title_spans, titles_before

MANIFEST = "manifest.json"
SCRATCH = ".scratch"
"""Inside the folder of examples while they are made: on the disk that has to hold them anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamplesManifest:
    """What a folder of examples holds."""

    train: int
    test: int
    from_ms: int
    """The first search that may be in the training part."""
    test_from_ms: int
    """Training ends before it, testing starts at it."""
    to_ms: int
    """The last millisecond that was read of the logs."""
    shards: int
    """Of each part."""
    robot_users: int
    """Users whose searches gave no examples in a part because they were robots there."""
    robot_searches: int
    """Searches of theirs that were left out, clicked or not."""
    engine: str
    analyzer: str
    """Who made the grains in the rows."""
    windows: dict[str, float]
    robots: dict[str, int]
    title_spans: dict[str, int | float] = field(default_factory=lambda: TrainingConfig().title_spans.model_dump())
    """The sections of the configuration that they were made by: whoever trains on them needs the same."""
    spans: int = 0
    """Examples that were cut from titles; in the shards of the training part, not counted by `train`."""
    leave_out_hours: float = 0.0
    """Between `to_ms` and the end of the logs."""


def write_examples(
    logs_folder: Path,
    folder: Path,
    config: TrainingConfig,
    *,
    open_engine: OpenEngine = open_duckdb,
    say: Callable[[str], None] = lambda stage: None,
) -> ExamplesManifest:
    """Fills `folder` with train-*.parquet, test-*.parquet and a manifest. The caller marks it as complete.

    The logs are believed: read_logs checks them. `say` hears which stage begins.
    """
    scratch = folder / SCRATCH
    scratch.mkdir()
    with open_engine(scratch) as engine:
        say("reading the logs")
        logs = read_log_tables(engine, logs_folder)
        from_ms, last_ms = time_span(engine, logs)
        to_ms = last_ms - int(config.run.leave_out_hours * HOUR_MS)
        logs = logs.before(to_ms + 1)
        split_ms = to_ms + 1 - int(config.run.test_hours * HOUR_MS)

        say("looking for robots")
        asked = searches_by_part(logs, split_ms)
        robots = engine.keep("robots", robots_by_part(logs, config.robots, split_ms))
        robot_users, robot_searches = _counted(engine, asked.semi_join(robots, ["user_id", PART]))

        say("joining searches to what was done")
        asked = asked.anti_join(robots, ["user_id", PART])
        outcomes = engine.keep("outcomes", with_outcomes(asked, labels_by_part(logs, asked, split_ms)))
        rows = _rows_by_part(engine, outcomes)

        say("analysing queries")
        grains = grains_of(engine, outcomes.select("query").distinct(), scratch / "grains.parquet")
        titles = titles_before(logs_folder, split_ms) if config.title_spans.per_item else []
        spans = len(titles) * config.title_spans.per_item
        shards = shards_for(max(rows[TRAIN] + spans, rows[TEST]), at_least=config.run.shards)
        searches = engine.keep("searches", with_place(outcomes.inner_join(grains, "query"), shards))

        say("gathering histories")
        past = engine.keep("histories", histories(logs, searches.select("user_id").distinct()))

        say(f"writing {shards} shards of each part")
        examples = with_history(searches, past, config.windows.to_floor())
        engine.write_shards(examples.select(*COLUMNS, PART, SHARD, PLACE), folder, PARTS, shards)
        made_by = engine.name
    if spans:
        say(f"adding {spans:,} title spans")
        add_title_spans(folder, titles, config.title_spans, at_ms=from_ms)
    shutil.rmtree(scratch)
    manifest = ExamplesManifest(
        train=rows[TRAIN],
        test=rows[TEST],
        from_ms=from_ms,
        test_from_ms=split_ms,
        to_ms=to_ms,
        shards=shards,
        robot_users=robot_users,
        robot_searches=robot_searches,
        engine=made_by,
        analyzer=analyzer.NAME,
        windows=config.windows.model_dump(),
        robots=config.robots.model_dump(),
        title_spans=config.title_spans.model_dump(),
        spans=spans,
        leave_out_hours=config.run.leave_out_hours,
    )
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
    return manifest


def read_manifest(folder: Path) -> ExamplesManifest:
    """What was made. Raises NotFound where another version of this program made it: its rows are others, too."""
    try:
        return ExamplesManifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except TypeError:
        raise NotFound(f"{folder} holds examples of another version: make them again") from None


def _counted(engine: Engine, searches: ir.Table) -> tuple[int, int]:
    """How many users, and how many searches of theirs."""
    counts = searches.agg(users=searches.user_id.nunique(), searches=searches.count())
    (row,) = engine.rows(counts)
    return row["users"], row["searches"]


def _rows_by_part(engine: Engine, searches: ir.Table) -> dict[str, int]:
    counts = searches.group_by(PART).agg(rows=searches.count())
    return dict.fromkeys(PARTS, 0) | {row[PART]: row["rows"] for row in engine.rows(counts)}
