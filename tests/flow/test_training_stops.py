"""`multigrain train` and Ctrl-C, in a real process: a checkpoint, exit code 130, and the same command goes on."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tensorflow as tf

from tests.small_training import small_logs
from trainer.data.logs import write_logs

pytestmark = pytest.mark.slow

CONFIG = """
[model]
name = "text"
dims = 8
heads = 2

[loss]
pool = 32

[run]
batch_size = 8
epochs = 60
recall_steps = 20
"""
PATIENCE_SECONDS = 120


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "commands.main", "--json", "train", str(folder / "train.toml")]
    places = ["--logs", str(folder / "logs"), "--out", str(folder / "work"), *more]
    return subprocess.Popen([*command, *places], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def steps_told(folder: Path) -> list[int]:
    journal = folder / "work" / "train.jsonl"
    return [json.loads(line)["step"] for line in journal.read_text().splitlines()] if journal.is_file() else []


def steps_on_the_board(folder: Path) -> list[int]:
    """As TensorBoard reads them: a file that starts at a step takes back what those before it said from there on."""
    steps: list[int] = []
    for file in sorted((folder / "work" / "tensorboard").iterdir()):
        for record in tf.data.TFRecordDataset([str(file)]):
            event = tf.compat.v1.Event.FromString(record.numpy())
            if event.HasField("session_log"):
                steps = [step for step in steps if step < event.step]
            elif event.HasField("summary"):
                steps.append(event.step)
    return steps


def test_ctrl_c_leaves_a_checkpoint_from_which_the_same_command_goes_on(tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", small_logs())
    (tmp_path / "train.toml").write_text(CONFIG)
    process = start(tmp_path)
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while not steps_told(tmp_path) and time.monotonic() < until and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 130, said
    assert "stopped after step" in said
    assert "the same command goes on from there" in said
    (kept,) = {path.parent for path in (tmp_path / "work" / "checkpoints").rglob("step-*.npz")}
    stopped_at = max(int(path.stem.removeprefix("step-")) for path in kept.glob("step-*.npz"))
    assert f"step {stopped_at:,} of" in said

    process = start(tmp_path)
    try:
        answer, said = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert "bundle_id" in json.loads(answer)
    told = steps_told(tmp_path)
    assert told == sorted(set(told)), "no step is told twice"
    assert told[-1] > stopped_at
    assert steps_on_the_board(tmp_path) == told, "TensorBoard is shown what the journal says"
