"""What a running stream does beside its batches: each chore in a thread of its own, again and again.

Several consumers do them side by side. Each chore is safe to do twice at once, and cheap when another has just done it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from multigrain.features.retention import drop_events_before
from multigrain.registry.sql import wall_clock_ms
from multigrain.settings import Settings
from multigrain.telemetry import LOG_FIELDS
from multigrain.watch import Watch
from streaming.targets import Targets

log = logging.getLogger(__name__)

ARCHIVE_SECONDS = 10.0
"""Between two looks at what is staged: it costs one small query, and rolls happen when they are due."""
RETENTION_SECONDS = 6 * 3600.0
DAY_MS = 86_400_000
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Chores:
    """Those that the settings ask for."""

    watches: tuple[Watch, ...]

    def start(self) -> None:
        for watch in self.watches:
            watch.start()

    def stop(self) -> None:
        """No further one is begun. One that is under way is left behind: all of them can be broken off anywhere."""
        for watch in self.watches:
            watch.stop()
        for watch in self.watches:
            watch.join(seconds=STOP_SECONDS)


def chores_of(settings: Settings, engine: sa.Engine, targets: Targets) -> Chores:
    """`targets` are asked from another thread than the stream's."""
    watches = [Watch((forgetting(engine, settings.database.keep_events_days),), every_seconds=RETENTION_SECONDS)]
    if settings.archive.dir is not None:
        from streaming.archive.chore import archive_chore  # Arrow, which a stream without an archive does not need

        watches.append(Watch((archive_chore(engine, settings.archive, wall_clock_ms),), every_seconds=ARCHIVE_SECONDS))
    if seconds := settings.reconcile.every_minutes * 60:
        import numpy as np

        from streaming.reconcile.chore import reconcile_chore

        reconcile = reconcile_chore(engine, targets, settings.reconcile, np.random.default_rng())
        watches.append(Watch((reconcile,), every_seconds=seconds, first_after_seconds=seconds))
    return Chores(tuple(watches))


def forgetting(engine: sa.Engine, days: int, clock_ms: Callable[[], int] = wall_clock_ms) -> Callable[[], None]:
    """A call that drops the raw events of days that are over for longer than `days`."""

    def forget() -> None:
        for dropped in drop_events_before(engine, clock_ms() - days * DAY_MS):
            log.info("dropped a day of events", extra={LOG_FIELDS: {"day": str(dropped.day), "events": dropped.events}})

    return forget
