"""The same expressions on Spark write the same files, row for row."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from commands import examples
from multigrain.errors import Missing
from multigrain.features.windows import DAY_MS, HOUR_MS
from multigrain.types import Action
from tests.unit.trainer.random_logs import CONFIG, ITEMS, STRANGE, Told, tell
from trainer.configs.config import TrainingConfig
from trainer.data.example_rows import SCHEMA
from trainer.data.joining.engines.engine import ENGINES
from trainer.data.joining.engines.spark import check_spark
from trainer.data.logs import write_logs


@pytest.fixture(scope="module")
def _spark() -> None:
    try:
        check_spark()
    except Missing as missing:
        if os.environ.get("MULTIGRAIN_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(str(missing))


def many_logs(*, seed: int) -> Told:
    """Random logs of forty users, full of equal times."""
    rng = random.Random(seed)

    def at_ms() -> int:
        return rng.randrange(12 * 48) * HOUR_MS // 2

    users = [f"user-{i}" for i in range(40)]
    searches = [(rng.choice(users), at_ms(), rng.choice(["red dress", "连衣裙", "", "q"])) for _ in range(600)]
    actions = [
        (rng.choice(users), at_ms(), rng.choice([*ITEMS, STRANGE]), rng.choice(list(Action)), rng.randrange(4))
        for _ in range(4000)
    ]
    # Two who do far more than any state holds; one of them is a robot.
    quick = [("user-0", 11 * DAY_MS + i, rng.choice(ITEMS), Action.CLICK, 0) for i in range(900)]
    steady = [("user-1", i * HOUR_MS // 3, rng.choice(ITEMS), rng.choice(list(Action)), 1) for i in range(850)]
    return tell(searches, [*actions, *quick, *steady])


@pytest.mark.slow
@pytest.mark.usefixtures("_spark")
def test_spark_writes_what_duckdb_writes_row_for_row(tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", many_logs(seed=5).tables())
    with_spans = {"title_spans": CONFIG.title_spans.model_copy(update={"per_item": 1})}
    config = CONFIG.model_copy(update=with_spans).with_run(leave_out_hours=6.0)
    written = _written(config, tmp_path / "train.toml")
    counts = {engine: _examples(tmp_path, written, "--engine", engine) for engine in ("duckdb", "spark")}
    assert counts["duckdb"] == counts["spark"]
    assert min(counts["spark"][name] for name in ("train", "test", "robot_users", "spans")) > 0
    files = sorted(path.name for path in (tmp_path / "duckdb").glob("*.parquet"))
    assert files == sorted(path.name for path in (tmp_path / "spark").glob("*.parquet"))
    for file in files:
        ours, theirs = (pq.read_table(tmp_path / engine / file) for engine in ("duckdb", "spark"))
        assert ours.to_pylist() == theirs.to_pylist(), file
        assert ours.column_names == theirs.column_names == SCHEMA.names
        assert [field.type for field in ours.schema] == [field.type for field in theirs.schema]


def test_without_java_the_cure_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed: pip install 'multigrain[spark]'")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(Missing, match="Java 17"):
        check_spark()


def test_the_command_offers_every_engine() -> None:
    assert examples.ENGINES == ENGINES


def _examples(place: Path, config: Path, *engine: str) -> dict[str, int]:
    """What the command counted. In a process of its own: Spark's Java ends with it."""
    out = ("--out", str(place / engine[-1]), "--spark-master", "local[2]", "--json")
    command = (sys.executable, "-m", "commands.main", "examples", "--logs", str(place / "logs"), *out, *engine)
    said = subprocess.run((*command, "--train-config", str(config)), check=True, capture_output=True, text=True)
    result: dict[str, int] = json.loads(said.stdout)
    assert result.pop("engine") == engine[-1]
    return {name: value for name, value in result.items() if name != "out"}


def _written(config: TrainingConfig, file: Path) -> Path:
    sections = config.model_dump()
    lines = [
        line
        for name, section in sections.items()
        for line in (f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in section.items()))
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file
