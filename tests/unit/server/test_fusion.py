"""Every way of fusing against its definition, and what all ways have in common."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.fusion import WAYS, interleave, rrf, union, weighted
from server.fusion.quotas import within_quotas
from server.fusion.standings import added_up
from server.fusion.way import Way
from server.fusion.weighted import scaled
from server.request import ChannelName, ChannelQuota, FusionKind
from server.result import Candidates, ChannelReport, Found, Hits
from tests.unit.server.fusion_definitions import DEFINITIONS, listed

VECTOR, LEXICAL = ChannelName.VECTOR, ChannelName.LEXICAL
NAN, INF = math.nan, math.inf
EVERY_WAY = pytest.mark.parametrize("fuse", WAYS.values(), ids=[kind.name for kind in WAYS])


def hits(*pairs: tuple[int, float]) -> Hits:
    """Items with their scores, in this order."""
    return Hits(np.array([item for item, _ in pairs], np.int64), np.array([score for _, score in pairs], np.float32))


def items_of(fused: Candidates) -> list[int]:
    return fused.item_nos.tolist()


# --- any input ----------------------------------------------------------------------------------------------------

# Few values, so that ties and repetitions between channels are the rule.
SCORES = st.sampled_from([-INF, -2.5, 0.0, 0.25, 0.5, 3.0, 1e30, INF, NAN])


@st.composite
def columns(draw: st.DrawFn) -> Hits:
    # The last one leaves no bits of an int64 for anything beside it.
    items = draw(st.lists(st.integers(0, 15) | st.sampled_from([2**53, 2**62]), unique=True, max_size=8))
    return hits(*((item, draw(SCORES)) for item in items))


@st.composite
def anything_found(draw: st.DrawFn) -> list[Found]:
    """None to three channels. The third has a number of its own: a way must not know how many there are."""
    channels = draw(st.lists(st.sampled_from([VECTOR, LEXICAL, 3]), unique=True, max_size=3))
    return [(channel, draw(columns())) for channel in channels]


FEWER = settings(max_examples=40)
"""For what is asked of every way."""

WEIGHTS = st.fixed_dictionaries(dict.fromkeys([VECTOR, LEXICAL, 3], st.sampled_from([0.0, 0.5, 1.0, 1e6])))


def test_every_kind_has_a_way_and_a_definition() -> None:
    assert list(WAYS) == list(FusionKind) == list(DEFINITIONS)


@pytest.mark.parametrize("kind", FusionKind)
@given(found=anything_found(), weights=WEIGHTS)
def test_a_way_does_what_its_definition_says(
    kind: FusionKind, found: list[Found], weights: dict[ChannelName, float]
) -> None:
    fused, expected = WAYS[kind](found, weights), DEFINITIONS[kind](found, weights)
    assert items_of(fused) == [item for item, _ in expected]
    assert fused.scores.tolist() == np.array([score for _, score in expected], np.float32).tolist()


@EVERY_WAY
@FEWER
@given(found=anything_found())
def test_channel_rank_and_raw_score_of_each_channel_are_kept(fuse: Way, found: list[Found]) -> None:
    fused = fuse(found)
    kept = listed(found)
    raw = fused.raw_scores()
    assert raw.shape == fused.ranks.shape == (len(found), len(fused))
    assert [channel for channel, _ in fused.found] == [channel for channel, _ in kept]
    for i, item in enumerate(items_of(fused)):
        mask = 0
        for row, (channel, pairs) in enumerate(kept):
            rank = next((rank for rank, pair in enumerate(pairs, 1) if pair[0] == item), 0)
            assert fused.ranks[row, i] == rank
            assert raw[row, i] == pytest.approx(pairs[rank - 1][1] if rank else NAN, nan_ok=True, rel=0)
            mask |= bool(rank) << channel
        assert fused.channels[i] == mask


@EVERY_WAY
@FEWER
@given(found=anything_found(), weights=WEIGHTS, shuffled=st.randoms())
def test_the_order_of_the_channels_changes_no_set(
    fuse: Way, found: list[Found], weights: dict[ChannelName, float], shuffled: object
) -> None:
    other = list(found)
    shuffled.shuffle(other)  # type: ignore[attr-defined]
    assert set(items_of(fuse(other, weights))) == set(items_of(fuse(found, weights)))


@pytest.mark.parametrize("fuse", [rrf.fuse, weighted.fuse])
@FEWER
@given(found=anything_found(), weights=WEIGHTS, shuffled=st.randoms())
def test_the_order_of_the_channels_changes_nothing_where_scores_are_added_up(
    fuse: Way, found: list[Found], weights: dict[ChannelName, float], shuffled: object
) -> None:
    other = list(found)
    shuffled.shuffle(other)  # type: ignore[attr-defined]
    one, two = fuse(found, weights), fuse(other, weights)
    assert items_of(one) == items_of(two)
    assert one.scores.tolist() == two.scores.tolist()


@EVERY_WAY
@FEWER
@given(found=anything_found(), weights=WEIGHTS)
def test_scores_never_rise_and_no_item_comes_twice(
    fuse: Way, found: list[Found], weights: dict[ChannelName, float]
) -> None:
    fused = fuse(found, weights)
    assert np.isfinite(fused.scores).all()
    assert np.all(np.diff(fused.scores) <= 0)
    assert sorted(items_of(fused)) == sorted({item for _, column in found for item in column.item_nos.tolist()})


# --- small cases that can be checked by eye -----------------------------------------------------------------------


@EVERY_WAY
def test_nothing_found_gives_no_candidates(fuse: Way) -> None:
    assert len(fuse([])) == 0
    assert len(fuse([(VECTOR, hits()), (LEXICAL, hits())])) == 0


@EVERY_WAY
def test_one_channel_alone_keeps_its_order(fuse: Way) -> None:
    found = hits((7, 0.9), (3, 0.8), (5, 0.8), (1, -4.0))
    assert items_of(fuse([(VECTOR, found)])) == [7, 3, 5, 1]
    assert items_of(fuse([(LEXICAL, hits()), (VECTOR, found)])) == [7, 3, 5, 1]


@EVERY_WAY
def test_a_score_that_is_no_number_sinks_to_the_end_of_its_channel(fuse: Way) -> None:
    fused = fuse([(VECTOR, hits((9, NAN), (7, 0.9), (8, NAN), (6, 0.1)))])
    assert items_of(fused) == [7, 6, 9, 8]
    assert fused.ranks.tolist() == [[1, 2, 3, 4]]
    assert fused.raw_scores()[0].tolist() == pytest.approx([0.9, 0.1, NAN, NAN], nan_ok=True)


@pytest.mark.parametrize("fuse", [rrf.fuse, weighted.fuse])
def test_ties_stand_by_best_rank_and_then_by_item_no(fuse: Way) -> None:
    # All four have one score in every sense: 4 and 6 are first somewhere, 2 and 5 second.
    fused = fuse([(VECTOR, hits((6, 0.5), (2, 0.5))), (LEXICAL, hits((4, 8.0), (5, 8.0)))])
    assert items_of(fused) == [4, 6, 2, 5]


def test_weighted_scores_are_scaled_within_their_channel() -> None:
    found = [(VECTOR, hits((1, 0.9), (2, 0.7), (3, 0.5))), (LEXICAL, hits((3, 30.0), (2, 20.0), (4, 10.0)))]
    fused = weighted.fuse(found, {VECTOR: 1.0, LEXICAL: 0.5})
    # 1: 1. 2: 1/2 + 0.5 * 1/2. 3: 0 + 0.5 * 1. 4: 0.5 * 0.
    assert items_of(fused) == [1, 2, 3, 4]
    assert fused.scores == pytest.approx([1.0, 0.75, 0.5, 0.0], abs=1e-6)


def test_a_channel_of_weight_zero_adds_its_items_and_moves_none() -> None:
    found = [(VECTOR, hits((1, 0.9), (2, 0.7), (3, 0.5))), (LEXICAL, hits((3, 30.0), (9, 20.0)))]
    fused = weighted.fuse(found, {LEXICAL: 0.0})
    assert items_of(fused)[:2] == [1, 2]
    # 3 and 9 both have 0: 3 is first in a channel.
    assert items_of(fused)[2:] == [3, 9]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([], []),
        ([5.0], [1]),
        ([2.0, 2.0], [1, 1]),
        ([3.0, 2.0, 1.0], [1, 0.5, 0]),
        ([NAN, NAN], [0, 0]),
        ([INF, 4.0, 2.0, -INF, NAN], [1, 1, 0, 0, 0]),
        ([-INF, -INF], [0, 0]),
        ([3e38, -3e38], [1, 0]),  # further apart than float32 can say
        ([1e-45, 0.0], [1, 0]),
    ],
)
def test_scores_are_scaled_to_between_nothing_and_one(scores: list[float], expected: list[float]) -> None:
    assert scaled(np.array(scores, np.float32)).tolist() == expected


def test_interleaving_takes_turns_in_the_order_of_the_request_and_skips_what_came() -> None:
    one, other = (VECTOR, hits((1, 9), (2, 8), (3, 7))), (LEXICAL, hits((2, 5), (4, 4), (5, 3), (6, 2)))
    # Turn by turn: 1 2 | 2 4 | 3 5 | . 6
    assert items_of(interleave.fuse([one, other])) == [1, 2, 4, 3, 5, 6]
    assert interleave.fuse([one, other]).scores == pytest.approx([1, 1 / 2, 1 / 4, 1 / 5, 1 / 6, 1 / 8])
    assert items_of(interleave.fuse([other, one])) == [2, 1, 4, 5, 3, 6]


def test_the_union_lays_one_channel_behind_the_other() -> None:
    one, other = (VECTOR, hits((1, 9), (2, 8))), (LEXICAL, hits((4, 5), (2, 4), (3, 3)))
    assert items_of(union.fuse([one, other])) == [1, 2, 4, 3]
    assert union.fuse([one, other]).scores == pytest.approx([1, 1 / 2, 1 / 3, 1 / 5])
    assert items_of(union.fuse([other, one])) == [4, 2, 3, 1]


def test_three_channels_with_the_same_shares_tie_to_the_last_bit() -> None:
    shares = np.array([[1 / 61, 1 / 62, 1 / 63], [1 / 62, 1 / 63, 1 / 61], [1 / 63, 1 / 61, 1 / 62]])
    assert len(set(added_up(shares).tolist())) == 1


# --- quotas -------------------------------------------------------------------------------------------------------


def report(channel: ChannelName, found: Hits) -> ChannelReport:
    return ChannelReport(channel=channel, hits=found, milliseconds=1.0)


REPORTS = [
    report(VECTOR, hits((1, NAN), (2, 8.0), (3, 7.0))),
    report(LEXICAL, hits((4, 5.0), (2, 4.0))),
]


def test_channels_come_in_the_order_of_the_request_and_within_their_quotas() -> None:
    found = within_quotas(REPORTS, [ChannelQuota(LEXICAL, 1), ChannelQuota(VECTOR, 2)])
    # The quota is cut after what is no number has sunk: 1 is vector's last.
    assert [(channel, column.item_nos.tolist()) for channel, column in found] == [(LEXICAL, [4]), (VECTOR, [2, 3])]


def test_without_a_request_everything_counts_as_it_stands() -> None:
    found = within_quotas(REPORTS, ())
    assert [(channel, len(column)) for channel, column in found] == [(VECTOR, 3), (LEXICAL, 2)]


def test_a_channel_that_gave_no_report_is_left_out() -> None:
    found = within_quotas(REPORTS[:1], [ChannelQuota(LEXICAL, None), ChannelQuota(VECTOR, None)])
    assert [channel for channel, _ in found] == [VECTOR]


@EVERY_WAY
@FEWER
@given(columns(), columns(), st.integers(1, 6), st.integers(1, 6))
def test_no_channel_gives_more_than_its_quota(fuse: Way, one: Hits, other: Hits, most: int, least: int) -> None:
    asked = [ChannelQuota(VECTOR, most), ChannelQuota(LEXICAL, least)]
    fused = fuse(within_quotas([report(VECTOR, one), report(LEXICAL, other)], asked))
    assert (fused.ranks[0] > 0).sum() == min(most, len(one))
    assert (fused.ranks[1] > 0).sum() == min(least, len(other))
