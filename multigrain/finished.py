"""Folders that are either finished or not there: written beside their place, marked, then renamed.

Whoever finds no mark starts again. What the mark says is the writer's business: a hash, or what it
was made from.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARK = "COMPLETE"


def mark_of(folder: Path) -> str | None:
    """What the mark of `folder` says; None: it is not finished, or not there."""
    try:
        return (folder / MARK).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_mark(folder: Path, text: str) -> None:
    """Marks `folder` as finished. The last write: everything else must be on the disk before it."""
    with (folder / MARK).open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def written_beside(folder: Path) -> Iterator[Path]:
    """A fresh folder to fill, which takes the place of `folder` when the block ends well.

    The block writes the mark. When it raises, nothing has changed at `folder`. One writer at a time.
    """
    draft = folder.parent / f".{folder.name}.unfinished"
    old = folder.parent / f".{folder.name}.replaced"
    for leftover in (draft, old):
        shutil.rmtree(leftover, ignore_errors=True)
    draft.mkdir(parents=True)
    yield draft
    if mark_of(draft) is None:
        raise RuntimeError(f"{draft} was left without its mark: write_mark() comes last in the block")
    if folder.exists():
        folder.rename(old)
    draft.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
