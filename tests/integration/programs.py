"""The real programs as processes of their own, with their own settings, started and ended by a test."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

MULTIGRAIN = Path(sys.executable).parent / "multigrain"
STOP_SECONDS = 60


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without settings of ours, and with these."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MULTIGRAIN_")}
    return {**outside, "TF_CPP_MIN_LOG_LEVEL": "2", **settings}


def run(arguments: list[str], settings: Mapping[str, str], folder: Path) -> str:
    """Runs a command to its end and returns what it printed. A failed one fails the test with what it said."""
    ran = subprocess.run(
        [MULTIGRAIN, *arguments], cwd=folder, env=environment(settings), capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, f"multigrain {' '.join(arguments)}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@contextmanager
def running(arguments: list[str], settings: Mapping[str, str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that runs until the block ends; then it is asked to stop, and must end well."""
    log = folder / f"{arguments[0]}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [MULTIGRAIN, *arguments], cwd=folder, env=environment(settings), stdout=output, stderr=output
        )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        code = process.wait(STOP_SECONDS)
    except BaseException as error:
        process.kill()
        process.wait()
        error.add_note(f"{log.name}:\n{log.read_text(errors='replace')[-4000:]}")
        raise
    assert code == 0, log.read_text(errors="replace")[-4000:]
