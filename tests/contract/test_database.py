"""What both SQL stores promise of transactions, of their schema, and of their errors."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import migrations
from multigrain import database
from multigrain.catalog.tables import catalogue_revision, metadata, stream_positions, user_states
from multigrain.errors import InvalidConfig, NotFound, StoreUnavailable
from tests.contract.stores import SQL_STORES, bare_sql_engine, rolled_back

REVISIONS = sorted(path.name.split("_")[0] for path in Path(migrations.__file__).parent.glob("versions/0*.py"))
NEWEST = REVISIONS[-1]


@pytest.fixture(params=SQL_STORES)
def bare(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    engine = bare_sql_engine(request.param, request)
    yield engine
    engine.dispose()


def tables(engine: sa.Engine) -> set[str]:
    with engine.connect() as connection:
        return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_schema_goes_up_and_back_and_up_again(bare: sa.Engine) -> None:
    assert database.check(bare) == database.SchemaState(None, NEWEST)

    database.upgrade(bare)
    assert database.check(bare).up_to_date
    assert tables(bare) == set(metadata.tables)

    database.downgrade(bare, "base")
    assert tables(bare) == set()
    assert database.check(bare).current is None

    database.upgrade(bare)
    assert tables(bare) == set(metadata.tables)


def test_each_migration_can_be_taken_back_alone(bare: sa.Engine) -> None:
    database.upgrade(bare)

    seen = []
    for _ in REVISIONS:
        database.downgrade(bare)
        seen.append(database.check(bare).current)
    assert seen == [*REVISIONS[-2::-1], None]


def test_the_migrated_schema_is_the_one_that_the_code_declares(bare: sa.Engine) -> None:
    database.upgrade(bare)

    with bare.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_an_upgrade_that_fails_leaves_nothing_behind(bare: sa.Engine) -> None:
    with bare.begin() as connection:
        connection.execute(sa.text("CREATE TABLE generations (in_the_way INTEGER)"))

    with pytest.raises((sa.exc.OperationalError, sa.exc.ProgrammingError)):
        database.upgrade(bare)
    assert tables(bare) == {"generations"}
    assert database.check(bare).current is None


def test_two_programs_that_start_at_once_migrate_once(bare: sa.Engine) -> None:
    start = Barrier(2)

    def upgrade(_: int) -> None:
        start.wait()
        database.upgrade(bare)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(upgrade, range(2)))
    assert database.check(bare).up_to_date


def test_an_unknown_revision_is_said(bare: sa.Engine) -> None:
    with pytest.raises(NotFound, match="'9999'"):
        database.upgrade(bare, "9999")


def test_a_store_without_its_schema_says_how_to_get_it(bare: sa.Engine) -> None:
    with (
        pytest.raises(StoreUnavailable, match=r"stream_positions.*multigrain db upgrade"),
        database.reading(bare) as connection,
    ):
        connection.execute(sa.select(stream_positions))


def test_a_store_at_an_older_schema_says_so_too(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE user_states DROP COLUMN newest_ms"))

    with pytest.raises(StoreUnavailable, match="multigrain db upgrade"), database.reading(engine) as connection:
        connection.execute(sa.select(user_states))
    with pytest.raises(StoreUnavailable, match="multigrain db upgrade"), database.writing(engine) as connection:
        connection.execute(sa.insert(user_states), {"user_id": "u", "state": b"", "version": 1, "newest_ms": 1})


def test_a_failed_transaction_leaves_nothing(engine: sa.Engine) -> None:
    with rolled_back(engine) as connection:
        connection.execute(sa.update(catalogue_revision).values(revision=7))

    assert _revision(engine) == 0


def test_writers_queue_and_none_loses_its_write(engine: sa.Engine) -> None:
    def add_one(_: int) -> None:
        with database.writing(engine) as connection:
            now = connection.execute(sa.select(catalogue_revision.c.revision).with_for_update()).scalar_one()
            connection.execute(sa.update(catalogue_revision).values(revision=now + 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add_one, range(40)))
    assert _revision(engine) == 40


def test_a_reader_does_not_wait_for_a_writer(engine: sa.Engine) -> None:
    with database.writing(engine) as connection:
        connection.execute(sa.update(catalogue_revision).values(revision=7))
        with ThreadPoolExecutor(1) as threads:
            assert threads.submit(_revision, engine).result(timeout=5) == 0
    assert _revision(engine) == 7


def test_what_is_wrong_with_a_value_is_not_called_an_outage(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.writing(engine) as connection:
        connection.execute(sa.insert(catalogue_revision), {"only_row": 2, "revision": 0, "last_item_no": 0})


def test_a_server_that_is_not_there_is_unavailable_and_its_password_stays_secret() -> None:
    engine = database.open_database("postgresql+psycopg://ada:hunter2@127.0.0.1:1/shop")

    with pytest.raises(StoreUnavailable, match=r"ada:\*\*\*@127.0.0.1:1/shop") as raised, database.reading(engine):
        pass
    assert "hunter2" not in str(raised.value)


def test_connections_that_the_server_ended_while_they_were_idle_are_replaced(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, other = database.open_database(postgres_url), database.open_database(postgres_url)
    with engine.connect() as one, engine.connect() as two:
        pids = [connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() for connection in (one, two)]
    with other.connect() as connection:
        connection.execute(
            sa.select(sa.func.pg_terminate_backend(sa.column("pid"), 5_000)).select_from(
                sa.func.unnest(sa.literal(pids, sa.ARRAY(sa.Integer))).alias("pid")
            )
        ).all()
    monkeypatch.setattr(database, "IDLE_SECONDS", 0)

    for _ in pids:
        with database.reading(engine) as connection:
            assert connection.execute(sa.select(sa.literal(1))).scalar_one() == 1
    engine.dispose()
    other.dispose()


def test_a_sqlite_file_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "store.db").mkdir()

    with pytest.raises(StoreUnavailable, match="unable to open"):
        database.check(database.open_database(f"sqlite:///{tmp_path / 'store.db'}"))


@pytest.mark.parametrize("url", ["shop.db", "mysql://127.0.0.1/shop", "postgresql://127.0.0.1/shop", "sqlite://"])
def test_an_address_that_cannot_work_is_answered_with_those_that_do(url: str) -> None:
    with pytest.raises(InvalidConfig, match="sqlite:///") as raised:
        database.open_database(url)
    assert raised.value.field == "database.url"


def _revision(engine: sa.Engine) -> int:
    with database.reading(engine) as connection:
        return int(connection.execute(sa.select(catalogue_revision.c.revision)).scalar_one())


def test_a_statement_that_sqlite_cannot_make_sense_of_is_not_a_store_that_is_down(engine: sa.Engine) -> None:
    database.upgrade(engine)
    # Whoever waits for a store would otherwise try it again for ever.
    with (
        pytest.raises((sa.exc.OperationalError, sa.exc.ProgrammingError)),
        database.reading(engine) as connection,
    ):
        connection.execute(sa.text("SELECT no_such_function(1)"))
