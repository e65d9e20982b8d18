import numpy as np
import pytest

from server.channels.channel import ranked
from server.fusion.rrf import fuse
from server.request import ChannelName
from server.result import Hits

VECTOR, LEXICAL = ChannelName.VECTOR, ChannelName.LEXICAL


def hits(*item_nos: int) -> Hits:
    """Hits in this order; RRF looks at no score."""
    return Hits(np.array(item_nos, np.int64), np.zeros(len(item_nos), np.float32))


def test_scores_are_sums_of_reciprocal_ranks() -> None:
    fused = fuse([(VECTOR, hits(7, 8, 9)), (LEXICAL, hits(9, 7))])
    assert fused.item_nos.tolist() == [7, 9, 8]
    expected = [1 / (60 + 1) + 1 / (60 + 2), 1 / (60 + 3) + 1 / (60 + 1), 1 / (60 + 2)]
    assert fused.scores == pytest.approx(expected, rel=1e-6)


def test_ranks_are_kept_for_each_channel_and_zero_where_an_item_was_not_found() -> None:
    fused = fuse([(VECTOR, hits(7, 8)), (LEXICAL, hits(8))])
    assert fused.item_nos.tolist() == [8, 7]
    assert fused.ranks.tolist() == [[2, 1], [1, 0]]


def test_the_mask_has_bit_one_for_vector_and_bit_two_for_lexical() -> None:
    fused = fuse([(VECTOR, hits(7, 8)), (LEXICAL, hits(8, 9))])
    assert dict(zip(fused.item_nos.tolist(), fused.channels.tolist(), strict=True)) == {7: 2, 8: 6, 9: 4}


def test_equal_scores_stand_in_order_of_best_rank_then_of_item_no() -> None:
    # 5 and 3 are both first somewhere; 9 and 2 are both second: two ties, and within each the lower number leads.
    fused = fuse([(VECTOR, hits(5, 9)), (LEXICAL, hits(3, 2))])
    assert fused.item_nos.tolist() == [3, 5, 2, 9]


def test_a_difference_that_float32_cannot_hold_still_orders() -> None:
    far = hits(*range(1, 9_001))
    fused = fuse([(VECTOR, far)])
    assert fused.item_nos.tolist() == list(range(1, 9_001))


def test_nothing_found_gives_no_candidates() -> None:
    assert len(fuse([(VECTOR, hits()), (LEXICAL, hits())])) == 0
    assert len(fuse([])) == 0


def test_order_of_channels_changes_no_score() -> None:
    one = fuse([(VECTOR, hits(1, 2, 3)), (LEXICAL, hits(3, 4))])
    other = fuse([(LEXICAL, hits(3, 4)), (VECTOR, hits(1, 2, 3))])
    assert one.item_nos.tolist() == other.item_nos.tolist()
    assert one.scores.tolist() == other.scores.tolist()


def test_a_score_that_is_no_number_sinks() -> None:
    found = ranked(np.array([1, 2, 3], np.int64), np.array([np.nan, 0.5, 0.9], np.float32))
    assert found.item_nos.tolist() == [3, 2, 1]


def test_absent_hits_are_left_out_and_repeated_ones_count_once() -> None:
    found = ranked(np.array([4, -1, 4, 6], np.int64), np.array([0.2, 9.0, 0.8, 0.5], np.float32))
    assert found.item_nos.tolist() == [4, 6]
    assert found.scores.tolist() == pytest.approx([0.8, 0.5])
