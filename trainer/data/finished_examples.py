"""Examples that were made before training began: are they what this configuration and these logs would have given?

Histories cut otherwise than serving will cut them, or grains of another analyser, would be learnt without a complaint.
"""

from pathlib import Path

from multigrain.errors import InvalidConfig, NotFound
from multigrain.features.windows import HOUR_MS
from multigrain.finished import mark_of
from multigrain.text import analyzer
from trainer.configs.config import TrainingConfig
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
    if manifest.leave_out_hours != config.run.leave_out_hours:
        raise _differs("run.leave_out_hours", f"{manifest.leave_out_hours:g}", f"{config.run.leave_out_hours:g}")
    ended_ms = manifest.to_ms + int(manifest.leave_out_hours * HOUR_MS)
    if ended_ms != logs.last_ms:
        raise _differs("logs", f"end at {ended_ms}", f"end at {logs.last_ms}")
    test_hours = (manifest.to_ms + 1 - manifest.test_from_ms) / HOUR_MS
    if test_hours != int(config.run.test_hours * HOUR_MS) / HOUR_MS:
        raise _differs("run.test_hours", f"{test_hours:g}", f"{config.run.test_hours:g}")
    for section, theirs, ours in (
        ("windows", manifest.windows, config.windows.model_dump()),
        ("robots", manifest.robots, config.robots.model_dump()),
        ("title_spans", manifest.title_spans, config.title_spans.model_dump()),
    ):
        for key, value in ours.items():
            if theirs.get(key) != value:
                raise _differs(f"{section}.{key}", str(theirs.get(key)), str(value))


def _differs(field: str, theirs: str, ours: str) -> InvalidConfig:
    return InvalidConfig(field, f"{theirs} in the examples, {ours} for this run", cure=_CURE)
