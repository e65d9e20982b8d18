"""What a running stream does beside its batches is done, by threads of their own, as the settings ask."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from multigrain import database
from multigrain.catalog.tables import user_events
from multigrain.events import Clicked
from multigrain.features.sql import SqlFeatureStore
from multigrain.registry.sql import wall_clock_ms
from multigrain.settings import Settings
from multigrain.settings_in_force import load_settings
from multigrain.types import Action, Behavior, ItemId, UserId
from streaming.archive.staged import StagedArchive
from streaming.chores import DAY_MS, chores_of

PATIENCE_SECONDS = 20.0


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    opened = database.open_database(f"sqlite:///{tmp_path / 'store.db'}")
    database.upgrade(opened)
    yield opened
    opened.dispose()


def settings_with(**variables: str) -> Settings:
    return load_settings({f"MULTIGRAIN_{name.upper()}": value for name, value in variables.items()})


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def event_ids(engine: sa.Engine) -> list[str]:
    with database.reading(engine) as connection:
        return list(connection.execute(sa.select(user_events.c.event_id)).scalars())


def test_what_is_staged_becomes_files_and_days_that_are_over_go(engine: sa.Engine, tmp_path: Path) -> None:
    now_ms, archive = wall_clock_ms(), tmp_path / "archive"
    user_id, item_id = UserId("user-1"), ItemId("sku-1")
    SqlFeatureStore(engine).record(
        [
            Behavior(event_id=name, user_id=user_id, item_id=item_id, action=Action.CLICK, at_ms=at_ms)
            for name, at_ms in (("long ago", now_ms - 9 * DAY_MS), ("today", now_ms))
        ],
        [],
    )
    with database.writing(engine) as connection:
        click = Clicked(event_id="today", at_ms=now_ms, user_id=user_id, item_id=item_id)
        StagedArchive(lambda: now_ms - DAY_MS).keep(connection, [click])
    settings = settings_with(archive_dir=str(archive), database_keep_events_days="7", reconcile_every_minutes="0")

    chores = chores_of(settings, engine, targets=lambda: ())
    chores.start()
    try:
        eventually(lambda: event_ids(engine) == ["today"])
        eventually(lambda: len(list(archive.glob("events.parquet/[0-9]*.parquet"))) == 1)
    finally:
        chores.stop()


def test_an_archive_and_a_reconciler_are_chores_only_where_they_are_asked_for(
    engine: sa.Engine, tmp_path: Path
) -> None:
    def count(**variables: str) -> int:
        return len(chores_of(settings_with(**variables), engine, targets=lambda: ()).watches)

    assert count(reconcile_every_minutes="0") == 1
    assert count(reconcile_every_minutes="5") == 2
    assert count(reconcile_every_minutes="5", archive_dir=str(tmp_path)) == 3
