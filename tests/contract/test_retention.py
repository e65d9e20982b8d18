"""What is kept of raw user events, on both databases; and how PostgreSQL keeps them, a partition a day."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from threading import Barrier

import pytest
import sqlalchemy as sa

from commands.main import main
from multigrain import database
from multigrain.catalog.tables import user_events
from multigrain.errors import StoreUnavailable
from multigrain.features.retention import DroppedDay, drop_events_before
from multigrain.features.sql import SqlFeatureStore
from multigrain.types import UserId
from tests.builders import NOON_MS, a_behavior, a_user_query
from tests.contract.stores import SQL_STORES, bare_sql_engine, rolled_back, sql_engine

DAY_MINUTES = 24 * 60
TODAY, YESTERDAY, BEFORE = date(2026, 11, 5), date(2026, 11, 4), date(2026, 11, 3)
OLD_ROWS = (
    # event id, hours before noon, what was asked or clicked
    ("e-1", 0, "sku-1"),
    ("e-2", 30, "sku-2"),
    ("e-3", 24 * 90, None),
)


@pytest.fixture(params=SQL_STORES)
def bare(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    engine = bare_sql_engine(request.param, request)
    yield engine
    engine.dispose()


@pytest.fixture
def postgres(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    yield from sql_engine("postgres", request)


def days(engine: sa.Engine) -> list[date]:
    """Those that have a partition."""
    select = "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE relkind = 'r'"
    with engine.connect() as connection:
        names = connection.exec_driver_sql(select).scalars().all()
    return sorted(date.fromisoformat(name.removeprefix("user_events_")) for name in names)


def items(engine: sa.Engine) -> list[str]:
    """What was acted on, in order of time."""
    with engine.connect() as connection:
        return list(connection.execute(sa.select(user_events.c.item_id).order_by(user_events.c.at_ms)).scalars())


def record_days(engine: sa.Engine) -> None:
    """One event of today, one of yesterday, and a click and a search of the day before."""
    SqlFeatureStore(engine).record(
        [
            a_behavior("today", minutes_ago=10),
            a_behavior("yesterday", minutes_ago=DAY_MINUTES),
            a_behavior("before", minutes_ago=2 * DAY_MINUTES),
        ],
        [a_user_query("boots", minutes_ago=2 * DAY_MINUTES + 5)],
    )


# Retention


def test_whole_days_go_and_it_is_said_what_was_in_them(engine: sa.Engine) -> None:
    record_days(engine)

    assert drop_events_before(engine, NOON_MS - DAY_MINUTES * 60_000) == [DroppedDay(BEFORE, 2)]
    assert items(engine) == ["yesterday", "today"]
    assert drop_events_before(engine, NOON_MS) == [DroppedDay(YESTERDAY, 1)]
    assert drop_events_before(engine, NOON_MS) == []
    assert items(engine) == ["today"]


def test_states_outlive_the_events_they_were_made_of(engine: sa.Engine) -> None:
    record_days(engine)

    drop_events_before(engine, NOON_MS)

    state = SqlFeatureStore(engine).get(UserId("user-1"))
    assert state is not None
    assert state.behaviors.item_ids == ("before", "yesterday", "today")
    assert state.queries == ("boots",)


def test_an_event_of_a_day_that_was_dropped_is_taken(engine: sa.Engine) -> None:
    record_days(engine)
    drop_events_before(engine, NOON_MS)

    assert len(SqlFeatureStore(engine).record([a_behavior("late", minutes_ago=2 * DAY_MINUTES)], [])) == 1
    assert items(engine) == ["late", "today"]


def test_db_trim_drops_what_is_older_than_the_setting_and_shows_it(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record_days(engine)
    monkeypatch.setenv("MULTIGRAIN_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("MULTIGRAIN_DATABASE_KEEP_EVENTS_DAYS", "400")
    monkeypatch.setattr("time.time_ns", lambda: (NOON_MS + 399 * DAY_MINUTES * 60_000) * 1_000_000)

    assert main(["db", "trim", "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    assert said == {"dropped": [{"day": "2026-11-03", "events": 2}], "kept_days": 400}
    assert items(engine) == ["yesterday", "today"]


# The migration


def write_old_rows(engine: sa.Engine) -> None:
    row = (
        "INSERT INTO user_events VALUES (:id, 'user-1', :at_ms, :action, :item, NULL, :query, 'leaf', 'top', 'b', 's')"
    )
    with engine.begin() as connection:
        for event_id, hours_ago, item in OLD_ROWS:
            values = {"action": 1 if item else None, "item": item, "query": None if item else "red dress"}
            connection.execute(sa.text(row), {"id": event_id, "at_ms": NOON_MS - hours_ago * 3_600_000, **values})


def rows(engine: sa.Engine) -> list[tuple[object, ...]]:
    columns = "event_id, user_id, at_ms, action, item_id, search_id, query, leaf_category, top_category, brand, shop"
    with engine.connect() as connection:
        return [
            tuple(row) for row in connection.exec_driver_sql(f"SELECT {columns} FROM user_events ORDER BY event_id")
        ]


def test_the_rows_that_were_there_stay_up_and_down(bare: sa.Engine) -> None:
    database.upgrade(bare, "0005")
    write_old_rows(bare)
    before = rows(bare)

    database.upgrade(bare)
    assert rows(bare) == before
    if bare.dialect.name == "postgresql":
        assert days(bare) == [date(2026, 8, 7), YESTERDAY, TODAY]
    assert len(SqlFeatureStore(bare).record([a_behavior("sku-9", event_id="e-9")], [])) == 1

    database.downgrade(bare, "0005")
    assert [row[0] for row in rows(bare)] == ["e-1", "e-2", "e-3", "e-9"]
    assert rows(bare)[:3] == before


def test_of_an_id_at_two_times_the_earlier_one_goes_back(bare: sa.Engine) -> None:
    database.upgrade(bare)
    SqlFeatureStore(bare).record([a_behavior("later", event_id="e-1", minutes_ago=5)], [])
    SqlFeatureStore(bare).record([a_behavior("earlier", event_id="e-1", minutes_ago=9)], [])

    database.downgrade(bare, "0005")

    assert [row[4] for row in rows(bare)] == ["earlier"]


# Days on PostgreSQL


def test_a_day_is_there_from_its_first_event_on(postgres: sa.Engine) -> None:
    assert days(postgres) == []
    record_days(postgres)
    assert days(postgres) == [BEFORE, YESTERDAY, TODAY]


def test_the_last_millisecond_of_a_day_is_in_it_and_the_next_is_not(postgres: sa.Engine) -> None:
    midnight = 12 * 60
    SqlFeatureStore(postgres).record([a_behavior("late", minutes_ago=midnight + 1 / 60_000)], [])
    assert days(postgres) == [YESTERDAY]
    SqlFeatureStore(postgres).record([a_behavior("early", minutes_ago=midnight)], [])
    assert days(postgres) == [YESTERDAY, TODAY]


def test_a_day_stays_when_the_batch_that_needed_it_is_rolled_back(postgres: sa.Engine) -> None:
    with rolled_back(postgres) as connection:
        SqlFeatureStore(connection).record([a_behavior("sku-1")], [])

    assert days(postgres) == [TODAY]
    assert items(postgres) == []


def test_writers_who_meet_a_day_at_once_make_it_once(postgres: sa.Engine) -> None:
    start = Barrier(6)

    def record(thread: int) -> int:
        start.wait()
        return len(SqlFeatureStore(postgres).record([a_behavior(f"sku-{thread}", user_id=f"user-{thread}")], []))

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(record, range(6))) == 6
    assert days(postgres) == [TODAY]


def test_a_day_that_is_dropped_just_before_the_write_is_an_outage_and_no_mistake(
    postgres: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as between:
        between.setattr("multigrain.features.postgres.missing_days", lambda connection, days: [])
        with pytest.raises(StoreUnavailable, match="try again"):
            SqlFeatureStore(postgres).record([a_behavior("sku-1")], [])

    assert len(SqlFeatureStore(postgres).record([a_behavior("sku-1")], [])) == 1


@contextmanager
def somebody_writes_and_reads(engine: sa.Engine) -> Iterator[None]:
    """A transaction that holds the locks of both, for as long as the block."""
    with rolled_back(engine) as connection:
        SqlFeatureStore(connection).record([a_behavior("sku-1", user_id="somebody")], [])
        connection.execute(sa.select(sa.func.count()).select_from(user_events))
        yield


def test_a_day_is_made_while_others_read_and_write(postgres: sa.Engine) -> None:
    with somebody_writes_and_reads(postgres), ThreadPoolExecutor(1) as threads:
        yesterday = a_behavior("sku-2", minutes_ago=DAY_MINUTES)
        assert len(threads.submit(SqlFeatureStore(postgres).record, [yesterday], []).result(timeout=8)) == 1
    assert days(postgres) == [YESTERDAY, TODAY]


def test_while_a_day_is_let_go_of_others_write(postgres: sa.Engine) -> None:
    record_days(postgres)
    with ThreadPoolExecutor(2) as threads:
        with somebody_writes_and_reads(postgres):
            # It waits for whoever may still see the day, and nobody waits for it.
            dropped = threads.submit(drop_events_before, postgres, NOON_MS)
            newer = a_behavior("sku-3", minutes_ago=1)
            assert len(threads.submit(SqlFeatureStore(postgres).record, [newer], []).result(timeout=8)) == 1
            assert not dropped.done()
        assert [one.day for one in dropped.result(timeout=8)] == [BEFORE, YESTERDAY]
    assert days(postgres) == [TODAY]


def test_a_retention_that_was_killed_while_it_let_go_of_a_day_is_finished_by_the_next(postgres: sa.Engine) -> None:
    record_days(postgres)
    detach = "ALTER TABLE user_events DETACH PARTITION user_events_20261103 CONCURRENTLY"
    with somebody_writes_and_reads(postgres), postgres.connect() as killed:
        killed = killed.execution_options(isolation_level="AUTOCOMMIT")
        killed.exec_driver_sql("SET statement_timeout = '300ms'")
        with pytest.raises(sa.exc.OperationalError):
            killed.exec_driver_sql(detach)
        killed.invalidate()

    assert drop_events_before(postgres, NOON_MS - DAY_MINUTES * 60_000) == [DroppedDay(BEFORE, 2)]
    assert days(postgres) == [YESTERDAY, TODAY]


def test_a_retention_that_was_killed_before_it_dropped_a_day_is_finished_by_the_next(postgres: sa.Engine) -> None:
    record_days(postgres)
    with postgres.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE user_events DETACH PARTITION user_events_20261103")

    assert drop_events_before(postgres, NOON_MS - DAY_MINUTES * 60_000) == [DroppedDay(BEFORE, 2)]
    assert drop_events_before(postgres, NOON_MS - DAY_MINUTES * 60_000) == []


def test_a_day_that_was_let_go_of_and_is_met_again_comes_back(postgres: sa.Engine) -> None:
    record_days(postgres)
    with postgres.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE user_events DETACH PARTITION user_events_20261103")

    SqlFeatureStore(postgres).record([a_behavior("late", minutes_ago=2 * DAY_MINUTES - 1)], [])

    assert items(postgres)[-3:] == ["late", "yesterday", "today"]
    assert days(postgres) == [BEFORE, YESTERDAY, TODAY]
