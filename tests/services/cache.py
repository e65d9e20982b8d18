"""What was downloaded once: `.services/` at the root of the repository, or where MULTIGRAIN_SERVICES_CACHE says.

A folder appears here complete or not at all: it is filled under another name, marked, and only then renamed. A
download that was cut off leaves nothing that the next one would trust, and of two runs that need the same folder one
waits for the other.
"""

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "MULTIGRAIN_SERVICES_CACHE"
MARK = "COMPLETE"


def home() -> Path:
    folder = Path(os.environ.get(VARIABLE) or ROOT / ".services").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def has(name: str) -> bool:
    return (home() / name / MARK).exists()


def obtain(name: str, fill: Callable[[Path], None], *, what: str) -> Path:
    """The folder `name` of the cache, filled by `fill` if it is not there. `what` is told to the person who waits."""
    folder = home() / name
    if has(name):
        return folder
    with (home() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not has(name):
            say(f"fetching {what}, this once, into {shown(folder)}")
            _fill(folder, fill)
    return folder


def say(line: str) -> None:
    print(f"services: {line}", file=sys.stderr, flush=True)


def shown(path: Path) -> Path:
    """The path as a person in the repository would write it."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _fill(folder: Path, fill: Callable[[Path], None]) -> None:
    for leftover in folder.parent.glob(f"{folder.name}.part-*"):
        shutil.rmtree(leftover)
    part = Path(tempfile.mkdtemp(prefix=f"{folder.name}.part-", dir=folder.parent))
    try:
        fill(part)
        (part / MARK).touch()
        # mkdtemp makes a folder that only its owner may enter; PostgreSQL and others may run as somebody else.
        part.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
