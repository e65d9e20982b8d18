"""`multigrain bench features`: one user's state by primary key, as a request of the server reads it.

Three loads, since each says something else: one read after the other is what a read costs; arrivals at a fixed rate,
whatever became of those before, are what a request feels on a server that keeps up; and 64 at once is as much as this
process can ask for, so there a read waits for its turn in our own threads.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import numpy as np
import sqlalchemy as sa

from benchmarks.bench import Bench, Size
from benchmarks.limits.sql_read import read_seconds
from benchmarks.shoppers import user_id_of, write_states
from benchmarks.stores import store_name, throwaway_database
from multigrain.features.sql import SqlFeatureStore
from multigrain.features.state_reader import open_state_reader
from multigrain.figures import Figure
from multigrain.settings import Settings
from multigrain.types import UserId
from server.users import Users

USERS = {Size.SMALL: 20_000, Size.ONE_MILLION: 1_000_000}
BEHAVIORS = 100
READS = 3_000
PER_SECOND = (200, 1_000)
"""What a busy server process asks for, and what several of them would, were they one."""
AT_ONCE = 64
TARGET_MS = 2.0
BUDGET_SECONDS = 30.0
TIMER_SECONDS = 0.001
"""The event loop sleeps in whole milliseconds."""
NOW_MS = 1_793_880_000_000


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    count = USERS[size]
    with throwaway_database(settings) as engine:
        write_states(engine, count, behaviors=BEHAVIORS, before_ms=NOW_MS, say=say)
        rng = np.random.default_rng(0)
        wanted = [user_id_of(number) for number in rng.integers(0, count, READS).tolist()]
        say("bare reads")
        bare = read_seconds(engine, list(wanted))
        store = f"{count:,} users, {store_name(engine)}"
        say("one after the other")
        alone = _alone(engine, wanted)
        at_once, reads_per_second, arriving = asyncio.run(_as_a_server(engine, wanted, say))
    return (
        *_figures(f"read of a user's state, one after the other, {store}", alone, limit=bare),
        *(
            figure
            for per_second, seconds in arriving.items()
            for figure in _figures(f"the same, {per_second:,} arriving a second", seconds, limit=bare, target=TARGET_MS)
        ),
        *_figures(f"the same, {AT_ONCE} at once", at_once, limit=bare),
        Figure(name=f"reads a second, {AT_ONCE} at once", value=reads_per_second, unit="reads/s"),
    )


def _figures(
    name: str, seconds: Sequence[float], *, limit: Sequence[float], target: float | None = None
) -> tuple[Figure, Figure]:
    p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
    bare_p50, bare_p99 = np.percentile(limit, [50, 99]) * 1e3
    return (
        Figure(name=f"{name}, p50", value=p50, unit="ms", limit=bare_p50, limit_name="bare read"),
        Figure(name=f"{name}, p99", value=p99, unit="ms", target=target, limit=bare_p99, limit_name="bare read"),
    )


def _alone(engine: sa.Engine, wanted: Sequence[UserId]) -> list[float]:
    features, seconds = SqlFeatureStore(engine), []
    for user_id in wanted:
        started = time.perf_counter()
        features.get(user_id)
        seconds.append(time.perf_counter() - started)
    return seconds


async def _as_a_server(
    engine: sa.Engine, wanted: Sequence[UserId], say: Callable[[str], None]
) -> tuple[list[float], float, dict[int, list[float]]]:
    users = Users(open_state_reader(engine))
    try:
        # First, because it opens the connections and has the statement planned on each.
        say(f"{AT_ONCE} at once")
        at_once, reads_per_second = await _at_once(users, wanted)
        arriving = {}
        for per_second in PER_SECOND:
            say(f"{per_second:,} arriving a second")
            arriving[per_second] = await _arriving(users, wanted[: 5 * per_second], per_second)
    finally:
        users.close()
    return at_once, reads_per_second, arriving


async def _arriving(users: Users, wanted: Sequence[UserId], per_second: int) -> list[float]:
    """Seconds from the moment each was due: one that starts late, because those before are slow, has waited, too.

    What a timer is late by itself is not counted: a request does not come by timer.
    """
    loop = asyncio.get_running_loop()
    begin = loop.time()
    reads = []
    for number, user_id in enumerate(wanted):
        due = begin + number / per_second
        if (early := due - loop.time()) > 0:
            await asyncio.sleep(early)
        late = max(0.0, loop.time() - due - TIMER_SECONDS)
        reads.append(asyncio.create_task(_read(users, user_id, due=loop.time() - late)))
    return list(await asyncio.gather(*reads))


async def _at_once(users: Users, wanted: Sequence[UserId]) -> tuple[list[float], float]:
    """Seconds of each read, and reads a second, of as many readers as there may be requests."""
    left = iter(wanted)
    seconds: list[float] = []

    async def read_on() -> None:
        for user_id in left:
            seconds.append(await _read(users, user_id, due=asyncio.get_running_loop().time()))

    started = time.perf_counter()
    await asyncio.gather(*(read_on() for _ in range(AT_ONCE)))
    return seconds, len(wanted) / (time.perf_counter() - started)


async def _read(users: Users, user_id: UserId, *, due: float) -> float:
    """Raises RuntimeError when there is no state: a quick answer without one is worth nothing."""
    state, degraded = await users.get(user_id, seconds=BUDGET_SECONDS)
    if degraded or not len(state.behaviors):
        raise RuntimeError(f"{user_id} was not read: {degraded}")
    return asyncio.get_running_loop().time() - due


BENCH = Bench(
    name="features",
    summary="one user's state by primary key, as the server reads it",
    sizes=tuple(USERS),
    run=_run,
)
