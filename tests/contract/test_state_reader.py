"""What every StateReader promises, and what the one that speaks to PostgreSQL itself makes of trouble."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from multigrain import database
from multigrain.errors import StoreUnavailable
from multigrain.features import postgres_reader
from multigrain.features.feature_store import FeatureStore
from multigrain.features.memory import MemoryFeatureStore
from multigrain.features.postgres_reader import PostgresReader
from multigrain.features.sql import SqlFeatureStore
from multigrain.features.state_reader import StateReader, ThreadedReader, open_state_reader
from multigrain.types import UserId, UserState
from tests.builders import a_behavior
from tests.contract.stores import SQL_STORES, sql_engine

USER = UserId("user-1")
OTHER = UserId("user-2")
NOBODY = UserState(user_id=USER)


@dataclass(frozen=True)
class Readable:
    """A store, and how to open a reader of it."""

    features: FeatureStore
    open: Callable[[], StateReader]


@pytest.fixture(params=("memory", *SQL_STORES))
def readable(request: pytest.FixtureRequest) -> Iterator[Readable]:
    if request.param == "memory":
        features = MemoryFeatureStore()
        yield Readable(features, lambda: ThreadedReader(features))
        return
    for engine in sql_engine(request.param, request):
        yield Readable(SqlFeatureStore(engine), lambda engine=engine: open_state_reader(engine))  # type: ignore[misc]  # mypy cannot infer a lambda with a default


@pytest.fixture
def postgres(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    yield from sql_engine("postgres", request)


def test_states_are_those_of_the_feature_store_and_a_user_never_seen_has_none(readable: Readable) -> None:
    readable.features.record([a_behavior("sku-1", minutes_ago=3), a_behavior("sku-2", user_id=OTHER)], [])
    reader = readable.open()

    states = asyncio.run(reader.get_many([USER, OTHER, UserId("nobody"), USER]))

    reader.close()
    assert states.keys() == {USER, OTHER}
    for user_id, state in states.items():
        stored = readable.features.get(user_id)
        assert stored is not None
        assert (state.user_id, state.version, state.behaviors.item_ids) == (
            user_id,
            stored.version,
            stored.behaviors.item_ids,
        )


def test_reads_at_once_do_not_mix(readable: Readable) -> None:
    users = [UserId(f"user-{number}") for number in range(20)]
    readable.features.record([a_behavior(f"sku-of-{user}", user_id=user) for user in users], [])
    reader = readable.open()

    async def read_all() -> list[tuple[str, ...]]:
        found = await asyncio.gather(*(reader.get_many([user]) for user in users))
        return [states[user].behaviors.item_ids for user, states in zip(users, found, strict=True)]

    items = asyncio.run(read_all())

    reader.close()
    assert items == [(f"sku-of-{user}",) for user in users]


def test_a_read_sees_what_was_committed_before_it(readable: Readable) -> None:
    reader = readable.open()

    async def read_between_writes() -> list[int]:
        counts = []
        for number in range(3):
            counts.append(len((await reader.get_many([USER])).get(USER, NOBODY).behaviors))
            readable.features.record([a_behavior(f"sku-{number}", minutes_ago=10 - number)], [])
        return counts

    assert asyncio.run(read_between_writes()) == [0, 1, 2]
    reader.close()


def test_a_row_that_was_deleted_and_filled_again_is_read_anew(postgres: sa.Engine) -> None:
    """It comes back to the version that it had."""
    features, reader = SqlFeatureStore(postgres), PostgresReader(postgres.url)

    async def read_between() -> list[UserState]:
        features.record([a_behavior("sku-1")], [])
        first = (await reader.get_many([USER]))[USER]
        with database.writing(postgres) as connection:
            connection.exec_driver_sql("DELETE FROM user_states")
        gone = await reader.get_many([USER])
        features.record([a_behavior("sku-2")], [])
        return [first, *gone.values(), (await reader.get_many([USER]))[USER]]

    found = asyncio.run(read_between())

    reader.close()
    assert [(state.version, state.behaviors.item_ids) for state in found] == [(1, ("sku-1",)), (1, ("sku-2",))]


def test_a_state_is_given_again_until_its_row_changes(postgres: sa.Engine) -> None:
    features = SqlFeatureStore(postgres)
    features.record([a_behavior("sku-1", minutes_ago=9), a_behavior("sku-2", user_id=OTHER)], [])
    reader = PostgresReader(postgres.url)

    async def read_thrice() -> list[Mapping[UserId, UserState]]:
        first = await reader.get_many([USER, OTHER])
        again = await reader.get_many([OTHER, USER])
        features.record([a_behavior("sku-3", minutes_ago=8)], [])
        return [first, again, await reader.get_many([USER, OTHER])]

    first, again, changed = asyncio.run(read_thrice())

    reader.close()
    assert again[USER] is first[USER]
    assert again[OTHER] is changed[OTHER] is first[OTHER]
    assert changed[USER].behaviors.item_ids == ("sku-1", "sku-3")


def test_no_more_states_are_kept_than_is_said(postgres: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_reader, "KEPT_EVENTS", 5)
    users = [UserId(f"user-{number}") for number in range(4)]
    SqlFeatureStore(postgres).record(
        [a_behavior(f"sku-{n}", user_id=user, minutes_ago=n) for user in users for n in (1, 2)], []
    )
    reader = PostgresReader(postgres.url)

    async def read_twice() -> list[bool]:
        first = await reader.get_many(users)
        return [(await reader.get_many([user]))[user] is first[user] for user in reversed(users)]

    same = asyncio.run(read_twice())

    reader.close()
    # Room is for two of them: those given last, and with each that comes the one used longest ago goes.
    assert same == [True, True, False, False]


def test_connections_that_the_server_ended_are_replaced(postgres: sa.Engine) -> None:
    SqlFeatureStore(postgres).record([a_behavior("sku-1")], [])
    reader = PostgresReader(postgres.url)

    async def read_ended_read() -> list[set[UserId]]:
        first = await asyncio.gather(*(reader.get_many([USER]) for _ in range(3)))
        with database.writing(postgres) as connection:
            ended = connection.exec_driver_sql(
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'multigrain user states'"
            ).scalar_one()
        assert ended == 3
        return [set(states) for states in (*first, await reader.get_many([USER]), await reader.get_many([USER]))]

    assert asyncio.run(read_ended_read()) == [{USER}] * 5
    reader.close()


def test_a_reader_without_a_server_says_so_and_keeps_the_password_secret() -> None:
    reader = PostgresReader(sa.make_url("postgresql+psycopg://ada:hunter2@127.0.0.1:1/shop"))

    with pytest.raises(StoreUnavailable, match=r"ada:\*\*\*@127.0.0.1:1/shop.*is it running") as raised:
        asyncio.run(reader.get_many([USER]))

    assert "hunter2" not in str(raised.value)


def test_a_reader_of_a_store_that_was_never_migrated_says_what_to_run(postgres_url: str) -> None:
    reader = PostgresReader(sa.make_url(postgres_url))

    with pytest.raises(StoreUnavailable, match="multigrain db upgrade"):
        asyncio.run(reader.get_many([USER]))

    reader.close()


def test_a_read_that_hangs_is_given_up_and_the_next_one_is_answered(postgres: sa.Engine) -> None:
    SqlFeatureStore(postgres).record([a_behavior("sku-1")], [])
    reader = PostgresReader(postgres.url, hung_seconds=2)

    async def read_locked_then_free() -> set[UserId]:
        await reader.get_many([USER])
        with database.writing(postgres) as connection:
            connection.exec_driver_sql("LOCK TABLE user_states IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(StoreUnavailable, match=r"no answer in 2 s"):
                await reader.get_many([USER])
        return set(await reader.get_many([USER]))

    assert asyncio.run(read_locked_then_free()) == {USER}
    reader.close()


def test_a_read_that_was_cancelled_leaves_no_answer_to_the_next_one(postgres: sa.Engine) -> None:
    SqlFeatureStore(postgres).record([a_behavior("sku-1"), a_behavior("sku-2", user_id=OTHER)], [])
    reader = PostgresReader(postgres.url)

    async def cancel_then_read() -> set[UserId]:
        await reader.get_many([USER])
        with database.writing(postgres) as connection:
            connection.exec_driver_sql("LOCK TABLE user_states IN ACCESS EXCLUSIVE MODE")
            hanging = asyncio.ensure_future(reader.get_many([USER]))
            await asyncio.sleep(0.1)
            assert not hanging.done()
            hanging.cancel()
            with pytest.raises(asyncio.CancelledError):
                await hanging
        return set(await reader.get_many([OTHER]))

    assert asyncio.run(cancel_then_read()) == {OTHER}
    reader.close()
