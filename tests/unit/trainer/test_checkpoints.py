"""Checkpoints: whole or not there, two kept, and a run that goes on from one equals a run that was never broken."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.small_training import small_config
from tests.unit.trainer.conftest import SmallRun
from trainer.configs.config import TrainingConfig
from trainer.data.logs import Logs, items_of, read_logs
from trainer.progress import silent
from trainer.randomness import dropout, dropout_from, seed_of
from trainer.training.checkpoints import Checkpoints, Position
from trainer.training.loop import Kept
from trainer.training.stopping import Stopped
from trainer.training.train import Trained, train

EVERY_STEP_MINUTES = 1e-9


def variables(value: float) -> Mapping[str, tf.Variable]:
    return {"model.0000": tf.Variable(tf.fill([2, 3], value)), "optimizer.0000": tf.Variable(value)}


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "kept")
    checkpoints.save(Position(7, [1.5, 0.1], [0.3]), variables(0.1))
    state = variables(0.0)
    assert checkpoints.load(state) == Position(7, [1.5, 0.1], [0.3])
    np.testing.assert_array_equal(state["model.0000"].numpy(), np.full((2, 3), 0.1, np.float32))
    np.testing.assert_array_equal(state["optimizer.0000"].numpy(), np.float32(0.1))


def test_nothing_was_kept_is_the_start(tmp_path: Path) -> None:
    state = variables(0.5)
    assert Checkpoints(tmp_path / "none").load(state) == Position()
    assert state["optimizer.0000"].numpy() == 0.5


def test_the_two_newest_are_kept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2, 30):
        checkpoints.save(Position(step), variables(float(step)))
    assert [int(path.stem.removeprefix("step-")) for path in sorted(tmp_path.iterdir())] == [2, 30]


@pytest.mark.parametrize("damage", [b"", b"half a zi"])
def test_a_damaged_one_is_passed_over_for_the_one_before(tmp_path: Path, damage: bytes) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(Position(1), variables(1.0))
    checkpoints.save(Position(2), variables(2.0)).write_bytes(damage)
    state = variables(0.0)
    assert checkpoints.load(state).step == 1
    assert state["optimizer.0000"].numpy() == 1.0


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(Position(1), variables(1.0))
    newest = checkpoints.save(Position(2), variables(2.0))
    content = bytearray(newest.read_bytes())
    content[content.index(np.float32(2.0).tobytes() * 6)] ^= 1
    newest.write_bytes(content)
    assert checkpoints.load(variables(0.0)).step == 1


def test_dropout_is_a_function_of_its_seed_and_two_layers_draw_apart() -> None:
    @tf.function(autograph=False)  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def drawn(seed: Any) -> tuple[Any, Any]:  # Any: TensorFlow ships no types
        with dropout_from(seed):
            return dropout(tf.ones([1000]), 0.2), dropout(tf.ones([1000]), 0.2)

    first, second = drawn(tf.constant(seed_of(0, 5)))
    again, _ = drawn(tf.constant(seed_of(0, 5)))
    other, _ = drawn(tf.constant(seed_of(0, 6)))
    np.testing.assert_array_equal(first.numpy(), again.numpy())
    assert (first.numpy() != second.numpy()).any()
    assert (first.numpy() != other.numpy()).any()
    assert set(np.unique(first.numpy())) == {np.float32(0), np.float32(1 / 0.8)}
    assert 0.75 < (first.numpy() > 0).mean() < 0.85


def everything_on(optimizer: str) -> TrainingConfig:
    """Dropout, mixed negatives, a popular pool, and a checkpoint after each step."""
    return small_config(
        model={"dropout": 0.3, "lstm_layers": 2},
        loss={"mixed": 8, "pool_popular": 0.5, "log_q": True},
        optimizer={"name": optimizer, "learning_rate": 0.02, "decay": "linear"},
        run={"epochs": 5, "seed": 5, "checkpoint_minutes": EVERY_STEP_MINUTES},
    )


class CtrlC(Checkpoints):
    """Presses it when a step was kept."""

    at_step = 0

    def save(self, position: Position, variables: Mapping[str, Any]) -> Path:  # Any: TensorFlow ships no types
        path = super().save(position, variables)
        if position.step == self.at_step:
            os.kill(os.getpid(), signal.SIGINT)
        return path


def run(small_run: SmallRun, folder: Path, config: TrainingConfig, *, ctrl_c_at: int = 0) -> Trained:
    items = list(items_of(small_run.logs))
    checkpoints, seconds = CtrlC(folder / "checkpoints"), iter(range(10**9))
    checkpoints.at_step = ctrl_c_at
    return train(
        small_run.candidate.examples,
        items,
        np.arange(len(items), dtype=np.int64),
        small_run.bundle.vocabularies(),
        config,
        kept=Kept(folder, checkpoints),
        reporter=silent,
        clock=lambda: float(next(seconds)),
    )


def assert_equal_bit_for_bit(one: Trained, other: Trained) -> None:
    assert one.losses == other.losses
    assert one.recall == other.recall
    for mine, theirs in zip(one.model.variables, other.model.variables, strict=True):
        assert mine.numpy().tobytes() == theirs.numpy().tobytes(), mine.name


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "adagrad"])
def test_a_run_stopped_by_ctrl_c_and_resumed_equals_an_unbroken_one(
    small_run: SmallRun, tmp_path: Path, optimizer: str
) -> None:
    config = everything_on(optimizer)
    whole = run(small_run, tmp_path / "whole", config)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Stopped, match="stopped after step 27 of"):
        run(small_run, tmp_path / "broken", config, ctrl_c_at=27)
    assert signal.getsignal(signal.SIGINT) is before
    assert whole.steps > 40, "it was in the middle of a pass, and between two reports"
    resumed = run(small_run, tmp_path / "broken", config)
    assert_equal_bit_for_bit(whole, resumed)
    lines = [(tmp_path / name / "train.jsonl").read_text().count('"step"') for name in ("whole", "broken")]
    assert lines[0] == lines[1] == len(whole.losses), "no report twice, none lost"


KILLED = """
import sys
from pathlib import Path
from tests.unit.trainer.test_checkpoints import train_in_a_process
train_in_a_process(*map(Path, sys.argv[1:]))
"""


def train_in_a_process(logs_folder: Path, examples: Path, vocabulary: Path, folder: Path) -> None:
    """What the test below kills."""
    from multigrain.features.inputs import Vocabularies

    logs: Logs = read_logs(logs_folder)
    items = list(items_of(logs))
    train(
        examples,
        items,
        np.arange(len(items), dtype=np.int64),
        Vocabularies.load(vocabulary),
        everything_on("adam"),
        kept=Kept(folder, Checkpoints(folder / "checkpoints")),
        reporter=silent,
        clock=time.monotonic,
    )


@pytest.mark.slow
def test_a_killed_process_is_gone_on_from_bit_for_bit(small_run: SmallRun, tmp_path: Path) -> None:
    whole = run(small_run, tmp_path / "whole", everything_on("adam"))
    checkpoints = tmp_path / "killed" / "checkpoints"
    places = (small_run.logs_folder, small_run.candidate.examples, small_run.bundle.path / "vocabulary")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, *map(str, places), str(tmp_path / "killed")], stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 120
        while not list(checkpoints.glob("*.npz")) and time.monotonic() < until and process.poll() is None:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL, "it was to be killed while it trained"
    kept = Checkpoints(checkpoints).load({})
    assert 0 < kept.step < whole.steps
    assert_equal_bit_for_bit(whole, run(small_run, tmp_path / "killed", everything_on("adam")))
