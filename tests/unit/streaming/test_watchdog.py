"""When a partition is said to stand still, and what is done about it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streaming.source import Partition
from streaming.watchdog import Remedy, Sight, Watchdog

ONE, OTHER = Partition("multigrain.items", 1), Partition("multigrain.items", 2)
STALL_SECONDS, GROUP_SECONDS = 30.0, 40.0
waits = st.floats(0.5, 20)


@given(st.lists(waits, min_size=20, max_size=60))
def test_each_remedy_comes_after_its_time_and_is_harder_than_the_one_before(waited: list[float]) -> None:
    watchdog = Watchdog(STALL_SECONDS, group_seconds=GROUP_SECONDS)
    watchdog.look({ONE: Sight(7, 9)}, waited[0])
    stood, due = 0.0, []
    for seconds in waited[1:]:
        stood += seconds
        stall = watchdog.look({ONE: Sight(7, 9)}, seconds)
        # Not before its time, and with the first look after it.
        assert (stall is not None) == (stood >= STALL_SECONDS)
        if stall:
            due.append(stall.remedy)
            stood = 0.0
    expected = [Remedy.REWIND, Remedy.REJOIN, *[Remedy.END] * len(due)]
    assert due == expected[: len(due)]


@given(st.lists(st.tuples(st.integers(1, 5), waits), min_size=1), st.integers(1, 1000))
def test_a_partition_that_moves_never_stalls_however_far_behind(steps: list[tuple[int, float]], lag: int) -> None:
    watchdog, position = Watchdog(STALL_SECONDS, group_seconds=GROUP_SECONDS), 0
    for step, seconds in steps:
        position += step
        assert watchdog.look({ONE: Sight(position, position + lag)}, seconds) is None


@given(st.lists(waits))
def test_a_partition_that_is_read_to_its_end_never_stalls(waited: list[float]) -> None:
    watchdog = Watchdog(STALL_SECONDS, group_seconds=GROUP_SECONDS)
    assert [watchdog.look({ONE: Sight(9, 9)}, seconds) for seconds in waited] == [None] * len(waited)


@given(st.lists(st.integers(0, 10), min_size=2, max_size=30))
def test_only_what_lies_beyond_the_furthest_is_progress(positions: list[int]) -> None:
    watchdog = Watchdog(1.0, group_seconds=GROUP_SECONDS)
    furthest, tried = -1, 0
    for position in positions:
        stall = watchdog.look({ONE: Sight(position, 99)}, 1.0)
        if position > furthest:
            furthest, tried = position, 0
            assert stall is None
        else:
            tried = min(tried + 1, Remedy.END)
            assert stall is not None
            assert stall.remedy is Remedy(tried)


def test_progress_forgives_and_the_remedies_begin_again() -> None:
    watchdog = Watchdog(STALL_SECONDS, group_seconds=GROUP_SECONDS)
    found = [watchdog.look({ONE: Sight(at, 99)}, 31) for at in (1, 1, 1, 2, 2)]
    assert [stall and stall.remedy for stall in found] == [None, Remedy.REWIND, Remedy.REJOIN, None, Remedy.REWIND]


def test_of_two_stalls_the_one_that_needs_more_is_told() -> None:
    watchdog = Watchdog(STALL_SECONDS, group_seconds=GROUP_SECONDS)
    watchdog.look({ONE: Sight(1, 9)}, 0)
    watchdog.look({ONE: Sight(1, 9), OTHER: Sight(1, 9)}, 31)
    stall = watchdog.look({ONE: Sight(1, 9), OTHER: Sight(1, 9)}, 31)
    assert stall is not None
    assert (stall.partition, stall.remedy) == (ONE, Remedy.REJOIN)
    assert str(stall) == "multigrain.items[1] stands at 1, and the log reaches to 9"


def test_what_was_tried_is_not_forgotten_while_a_partition_is_away() -> None:
    watchdog = Watchdog(STALL_SECONDS, group_seconds=GROUP_SECONDS)
    for sights in ({ONE: Sight(1, 9)}, {ONE: Sight(1, 9)}, {}, {}):
        watchdog.look(sights, 31)
    stall = watchdog.look({ONE: Sight(1, 9)}, 31)
    assert stall is not None
    assert stall.remedy is Remedy.REJOIN


@given(st.lists(st.tuples(st.booleans(), waits), max_size=40))
def test_a_group_that_does_not_settle_is_joined_anew(looks: list[tuple[bool, float]]) -> None:
    watchdog, since = Watchdog(STALL_SECONDS, group_seconds=GROUP_SECONDS), 0.0
    for settled, seconds in looks:
        since = 0.0 if settled else since + seconds
        assert watchdog.look_at_group(settled, seconds) == (since >= GROUP_SECONDS)
        since = 0.0 if since >= GROUP_SECONDS else since


def test_remedies_are_in_their_order() -> None:
    assert all(before < after for before, after in pairwise(Remedy))
