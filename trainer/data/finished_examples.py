"""Examples that were made before training began: are they what this configuration and these logs would have given?

Histories cut otherwise than serving will cut them, or grains of another analyser, would be learnt without a complaint.
"""

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from multigrain.errors import InvalidConfig, NotFound
from multigrain.features.windows import DAY_MS, HOUR_MS
from multigrain.finished import mark_of
from multigrain.text import analyzer
from trainer.configs.config import TrainingConfig
from trainer.data.example_rows import LONG_COLUMNS, shards_of
from trainer.data.examples import read_manifest
from trainer.data.logs import Logs

_CURE = "make them with `multigrain examples --train-config`, or leave out --examples"


def check_examples(folder: Path, logs: Logs, config: TrainingConfig) -> None:
    """Raises NotFound, or InvalidConfig naming what differs and the cure."""
    if mark_of(folder) is None:
        raise NotFound(f"{folder} holds no finished examples: run `multigrain examples` to its end, or name another")
    manifest = read_manifest(folder)
    if manifest.analyzer != analyzer.NAME:
        raise _differs("analyzer", manifest.analyzer, analyzer.NAME)
    if manifest.to_ms != logs.last_ms:
        raise _differs("logs", f"end at {manifest.to_ms}", f"end at {logs.last_ms}")
    test_hours = (manifest.to_ms + 1 - manifest.test_from_ms) / HOUR_MS
    if test_hours != int(config.run.test_hours * HOUR_MS) / HOUR_MS:
        raise _differs("run.test_hours", f"{test_hours:g}", f"{config.run.test_hours:g}")
    for shard in shards_of(folder, "train"):
        _check_windows(shard, config)


def _check_windows(shard: Path, config: TrainingConfig) -> None:
    """No history is longer, older or younger than the configuration has it. A shorter one may be a new user's."""
    windows = config.windows
    limits = [
        ("realtime", "realtime_length", "realtime_hours", HOUR_MS),
        ("short", "short_length", "short_days", DAY_MS),
        *((column, "long_length", "long_days", DAY_MS) for column in LONG_COLUMNS.values()),
    ]
    table = pq.read_table(shard, columns=["at_ms", "history_queries", *(column for column, *_ in limits)])
    _check_longest(table["history_queries"], "queries_length", windows.queries_length)
    for column, length, age, unit_ms in limits:
        _check_longest(table[column], length, getattr(windows, length))
        asked = pc.take(table["at_ms"], pc.list_parent_indices(table[column]))
        ages = pc.subtract(asked, pc.struct_field(pc.list_flatten(table[column]), "at_ms"))
        oldest = (pc.max(ages).as_py() or 0) / unit_ms
        if oldest > getattr(windows, age):
            raise _differs(f"windows.{age}", f"{oldest:.2f} or more", str(getattr(windows, age)))
        youngest = pc.min(ages).as_py()
        if length == "long_length" and youngest is not None and youngest / DAY_MS <= windows.short_days:
            raise _differs("windows.short_days", f"{youngest / DAY_MS:.2f} or less", str(windows.short_days))


def _check_longest(column: object, key: str, limit: int) -> None:
    longest = pc.max(pc.list_value_length(column)).as_py() or 0
    if longest > limit:
        raise _differs(f"windows.{key}", f"{longest} or more", str(limit))


def _differs(field: str, theirs: str, ours: str) -> InvalidConfig:
    return InvalidConfig(field, f"{theirs} in the examples, {ours} for this run", cure=_CURE)
