"""How requests share the reads of users' states."""

import asyncio
from collections.abc import Collection, Mapping

from multigrain.errors import StoreUnavailable
from multigrain.types import UserId, UserState
from server.result import Degraded
from server.users import READS, Users


class Reader:
    """States by hand: every read waits for its gate, and says whom it was for."""

    def __init__(self) -> None:
        self.reads: list[tuple[UserId, ...]] = []
        self.gate = asyncio.Event()
        self.broken: set[UserId] = set()

    async def get_many(self, user_ids: Collection[UserId]) -> Mapping[UserId, UserState]:
        self.reads.append(tuple(user_ids))
        version = len(self.reads)
        await self.gate.wait()
        if self.broken & set(user_ids):
            raise StoreUnavailable("the database is down: start it")
        return {user_id: UserState(user_id=user_id, version=version) for user_id in user_ids if user_id != "nobody"}

    def close(self) -> None:
        pass


def users_of(*numbers: int) -> list[UserId]:
    return [UserId(f"user-{number}") for number in numbers]


Asked = asyncio.Task[tuple[UserState, Degraded | None]]


async def started(users: Users, wanted: list[UserId], seconds: float = 5) -> list[Asked]:
    """Requests, each so far that it waits; and the reads that they began, so far that they wait, too."""
    tasks = [asyncio.create_task(users.get(user_id, seconds=seconds)) for user_id in wanted]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_requests_that_come_while_all_reads_are_under_way_are_read_together() -> None:
    async def run() -> None:
        reader = Reader()
        users = Users(reader)
        tasks = await started(users, [*users_of(*range(6)), UserId("user-5"), UserId("nobody")])
        assert reader.reads == [("user-0",), ("user-1",)]
        assert len(reader.reads) == READS
        reader.gate.set()
        answers = await asyncio.gather(*tasks)
        assert reader.reads[READS:] == [("user-2", "user-3", "user-4", "user-5", "nobody")]
        assert [state.user_id for state, _ in answers] == [*users_of(*range(6)), "user-5", "nobody"]
        assert [degraded for _, degraded in answers] == [None] * 8
        assert answers[-1][0].version == UserState(user_id=UserId("nobody")).version

    asyncio.run(run())


def test_a_request_never_shares_a_read_that_began_before_it() -> None:
    async def run() -> None:
        reader = Reader()
        users = Users(reader)
        first = await started(users, users_of(1))
        second = await started(users, users_of(1))
        reader.gate.set()
        assert [(await task)[0].version for task in (*first, *second)] == [1, 2]

    asyncio.run(run())


def test_a_read_that_fails_costs_its_own_users_their_history_and_nobody_else() -> None:
    async def run() -> None:
        reader = Reader()
        users = Users(reader)
        reader.broken = {UserId("user-2")}
        tasks = await started(users, users_of(0, 1, 2, 3))
        reader.gate.set()
        answers = await asyncio.gather(*tasks)
        assert [degraded for _, degraded in answers] == [None, None, Degraded.USER_FEATURES, Degraded.USER_FEATURES]

    asyncio.run(run())


def test_a_request_that_gave_up_takes_nothing_from_those_who_wait_for_the_same_user() -> None:
    async def run() -> None:
        reader = Reader()
        users = Users(reader)
        busy = await started(users, users_of(7, 8))
        [hasty] = await started(users, users_of(1), seconds=0.01)
        [patient] = await started(users, users_of(1))
        _, degraded = await hasty
        assert degraded is Degraded.USER_FEATURES
        reader.gate.set()
        assert (await patient)[0].version == 3
        await asyncio.gather(*busy)

    asyncio.run(run())


def test_nobody_is_not_read() -> None:
    async def run() -> None:
        reader = Reader()
        assert (await Users(reader).get(None, seconds=1))[1] is None
        assert reader.reads == []

    asyncio.run(run())
