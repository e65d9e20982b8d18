"""The pace of index writes, against servers of arithmetic: they keep up, fall behind, recover, or refuse."""

import logging
import random
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.errors import IndexUnavailable
from streaming.pacing import FEWEST_ROWS, LONGEST_WAIT_SECONDS, MOST_ROWS, Pace


@dataclass
class Server:
    """One that compacts while it is left in peace, and hardly while it is written to; the more is waiting for that,
    the longer a write takes.
    """

    write_seconds: float = 0.3
    compacts_a_second: float = 1_000
    patience_rows: float = 3_000
    """So many rows not yet compacted make a write take twice as long."""
    noise: float = 0.0
    takes_a_second: float = float("inf")
    """Beyond it, it refuses."""
    now: float = 0.0
    behind: float = 0.0
    waited: float = 0.0
    refusals: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def sleep(self, seconds: float) -> None:
        """In peace."""
        self.now += seconds
        self.waited += seconds
        self.behind = max(0.0, self.behind - self.compacts_a_second * seconds)

    def clock(self) -> float:
        return self.now

    def upsert(self, rows: int) -> None:
        if rows > self.takes_a_second:
            self.refusals += 1
            raise IndexUnavailable("rate limit exceeded: ask again later")
        slower = (1 + self.behind / self.patience_rows) * (1 + self.noise * self.chance.random())
        seconds = self.write_seconds * (1 + rows / 1_000) * slower
        self.now += seconds
        self.behind = max(0.0, self.behind + rows - 0.1 * self.compacts_a_second * seconds)


@dataclass
class Stream:
    """Batches without end, as after an outage."""

    server: Server
    batch_rows: int = 500
    written: int = 0
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pace = Pace(self._wait, self.server.clock)

    def paced(self, batches: int) -> None:
        for _ in range(batches):
            self.waits.append(0.0)
            self.pace.before_a_batch()
            self._batch()

    def unpaced(self, batches: int) -> None:
        for _ in range(batches):
            self.server.upsert(self.batch_rows)
            self.written += self.batch_rows

    @property
    def rows_a_second(self) -> float:
        return self.written / self.server.now

    def _batch(self) -> None:
        left = self.batch_rows
        while left:
            rows = min(left, self.pace.rows_at_once)
            try:
                with self.pace.writing(rows):
                    self.server.upsert(rows)
            except IndexUnavailable:
                self.server.now += 0.2  # what the consumer waits before it takes the batch again
                return
            left -= rows
        self.written += self.batch_rows

    def _wait(self, seconds: float) -> None:
        self.waits[-1] = seconds
        self.server.sleep(seconds)


def servers(noise: float = 0.5) -> st.SearchStrategy[Server]:
    return st.builds(
        Server,
        write_seconds=st.floats(0.1, 0.6),
        compacts_a_second=st.floats(300, 3_000),
        patience_rows=st.floats(5_000, 20_000),
        noise=st.floats(0, noise),
        chance=st.integers(0, 10**6).map(random.Random),
    )


def same(server: Server) -> Server:
    """Another one like it."""
    return replace(server, chance=random.Random(1))


sizes = st.sampled_from((200, 500, 1_000, 2_000))


@given(server=servers(), rows=sizes)
@settings(deadline=None, max_examples=20)
def test_no_wait_is_longer_than_a_second_and_all_of_them_are_half_of_the_time_at_most(
    server: Server, rows: int
) -> None:
    stream = Stream(server, rows)
    stream.paced(600)
    assert max(stream.waits) <= 1.0
    assert server.waited <= 0.5 * server.now + 1.0


@given(server=servers(), rows=sizes)
@settings(deadline=None, max_examples=20)
def test_waiting_leaves_less_behind_and_in_the_long_run_costs_little(server: Server, rows: int) -> None:
    hurried, paced = Stream(same(server), rows), Stream(same(server), rows)
    hurried.unpaced(1_200)
    paced.paced(1_200)
    before = hurried.server.now, paced.server.now
    hurried.unpaced(300)
    paced.paced(300)
    assert paced.server.now - before[1] <= 1.15 * (hurried.server.now - before[0])
    assert paced.server.behind <= 1.05 * hurried.server.behind


@given(server=servers(), rows=sizes)
@settings(deadline=None, max_examples=20)
def test_it_settles_and_does_not_swing(server: Server, rows: int) -> None:
    stream = Stream(server, rows)
    stream.paced(1_200)
    settled = stream.waits[600:]
    assert sum((before > 0) != (now > 0) for before, now in pairwise(settled)) <= 20
    jumps = [abs(now - before) for before, now in pairwise(settled)]
    assert sum(jumps) / len(jumps) <= 0.15


def test_a_server_that_falls_behind_gets_twice_as_much_written_when_it_is_given_time() -> None:
    hurried, paced = Stream(Server()), Stream(Server())
    hurried.unpaced(600)
    paced.paced(600)
    assert paced.rows_a_second > 1.5 * hurried.rows_a_second
    assert paced.server.behind < 0.5 * hurried.server.behind


def test_one_that_keeps_up_is_never_waited_for() -> None:
    stream = Stream(Server(write_seconds=0.2, compacts_a_second=100_000, noise=2.0))
    stream.paced(500)
    assert stream.server.waited == 0


def test_quick_writes_are_no_sign_however_much_they_vary() -> None:
    stream = Stream(Server(write_seconds=0.01, compacts_a_second=100_000, noise=20.0))
    stream.paced(500)
    assert stream.server.waited == 0


def test_what_begins_also_ends_and_both_are_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stream = Stream(Server())
    stream.paced(300)
    assert stream.waits[-1] > 0
    stream.server.compacts_a_second = 100_000
    stream.paced(300)
    assert stream.waits[-1] == 0
    assert [record.message for record in caplog.records] == [
        "the index falls behind: writing more slowly",
        "the index keeps up again",
    ]


def test_refusals_make_writes_small_enough_to_be_taken_and_then_larger_again() -> None:
    stream = Stream(Server(compacts_a_second=100_000, takes_a_second=1_500), batch_rows=2_000)
    stream.paced(100)
    # A write grows by a tenth until it is refused, so one in some tens is.
    assert 0 < stream.server.refusals < 35
    assert stream.written > 60 * 2_000
    assert max(stream.waits) <= LONGEST_WAIT_SECONDS
    stream.server.takes_a_second = float("inf")
    stream.paced(100)
    assert stream.pace.rows_at_once == MOST_ROWS
    assert stream.waits[-1] == 0


def test_a_server_that_refuses_everything_is_asked_for_little_and_waited_for_by_the_consumer_alone() -> None:
    stream = Stream(Server(takes_a_second=0))
    stream.paced(30)
    assert stream.pace.rows_at_once == FEWEST_ROWS
    assert stream.pace.wait_seconds == LONGEST_WAIT_SECONDS
    assert stream.server.waited == 0


def test_other_errors_are_no_refusals() -> None:
    pace = Pace(lambda seconds: None, lambda: 0.0)
    with pytest.raises(ValueError, match="dims"), pace.writing(10):
        raise ValueError("dims")
    assert (pace.rows_at_once, pace.wait_seconds) == (MOST_ROWS, 0)
