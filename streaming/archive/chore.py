"""The archive's part in a running stream: rolls what is due, beside the batches."""

import logging
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from multigrain.errors import InvalidConfig, Unavailable
from multigrain.settings import ArchiveSettings
from multigrain.telemetry import LOG_FIELDS
from streaming.archive.roll import RollLimits, roll_due
from streaming.archive.staging import Staging

log = logging.getLogger(__name__)


def archive_chore(engine: sa.Engine, settings: ArchiveSettings, clock_ms: Callable[[], int]) -> Callable[[], None]:
    """A call that rolls what is due, to be made every few seconds: nothing due costs one small query.

    A folder or a store that is down is told and tried again at the next call: meanwhile the rows wait in SQL, and the
    stream goes on.
    """
    staging, folder, limits = Staging(engine), archive_folder(settings), limits_of(settings)

    def chore() -> None:
        try:
            for roll in roll_due(staging, folder, limits, clock_ms()):
                log.info("rolled the archive", extra={LOG_FIELDS: {"roll": roll.number, "folder": str(folder)}})
        except Unavailable as error:
            log.warning("the archive waits", extra={LOG_FIELDS: {"why": str(error)}})

    return chore


def archive_folder(settings: ArchiveSettings) -> Path:
    """Where the archive is. Raises InvalidConfig when there is none."""
    if settings.dir is None:
        raise InvalidConfig("archive.dir", "is not set", cure="set it to the log folder that the stream shall fill")
    return settings.dir


def limits_of(settings: ArchiveSettings) -> RollLimits:
    return RollLimits(size_bytes=settings.roll_mb << 20, age_ms=int(settings.roll_minutes * 60_000))
