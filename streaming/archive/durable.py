"""Files that are whole or not there, even after a power cut: written beside their place, forced to disk, renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from multigrain.errors import LogUnavailable

DRAFT = ".unfinished"
DEAD_AFTER_MS = 3_600_000
"""Nobody is still at work on a draft that was not written to for so long: one takes seconds."""


@contextmanager
def written_durably(place: Path) -> Iterator[Path]:
    """A draft to write, which is at `place` for good when the block has ended well. Raises LogUnavailable.

    Readers of the log layout skip names that begin with a dot. Each writer has a draft of its own.
    """
    draft = place.with_name(f".{place.name}.{uuid4().hex[:8]}{DRAFT}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield draft
            _force(draft)
            draft.replace(place)
            _force(place.parent)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise LogUnavailable(
            f"{place} cannot be written ({error.strerror}): make room, or give the right to write"
        ) from error


def drop_dead_drafts(folder: Path, now_ms: int) -> None:
    """Removes the drafts of writers that were killed."""
    for draft in folder.glob(f".*{DRAFT}"):
        # Another's draft may get its name, or be removed, while we look.
        with suppress(FileNotFoundError):
            if draft.stat().st_mtime * 1000 <= now_ms - DEAD_AFTER_MS:
                draft.unlink()


def _force(path: Path) -> None:
    """What was written at `path`, or renamed in that folder, outlives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
