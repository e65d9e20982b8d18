"""The pieces of the losses against NumPy, written out from the formulas."""

import numpy as np
import pytest
import tensorflow as tf

from trainer.losses.accidental_hits import NEVER, accidental_hits, true_negatives
from trainer.losses.cross_entropy import cross_entropy, log_add
from trainer.losses.hinge import hinges
from trainer.losses.log_q import corrected
from trainer.losses.mixed_negatives import draw_alphas, hardest, mix
from trainer.losses.positives import many_positives, own_positive

RNG = np.random.default_rng(5)
QUERIES = RNG.normal(size=(3, 8)).astype(np.float32)
ITEMS = RNG.normal(size=(7, 8)).astype(np.float32)
CANDIDATES = np.array([10, 11, 10, 13, 14, 11, 16], np.int32)
"""Rows 0 and 2 share a positive; the pool holds row 1's."""
KNOWN = np.array([[10, 14], [11, -1], [10, 99]], np.int32)
"""Row 0 clicked 14, too; row 2 clicked 99, which is no candidate."""


def places(flags: tf.Tensor) -> set[tuple[int, int]]:
    return {(int(row), int(column)) for row, column in np.argwhere(flags.numpy())}


def test_accidental_hits_are_the_known_positives_in_other_columns_than_the_rows_own() -> None:
    assert places(accidental_hits(CANDIDATES, KNOWN)) == {(0, 2), (0, 4), (1, 5), (2, 0)}


def test_padding_of_known_positives_hits_nothing() -> None:
    assert places(accidental_hits(tf.constant([0, 1, 2]), tf.constant([[0, -1], [1, -1]]))) == set()


def test_true_negatives_are_all_columns_but_the_rows_own_and_the_hits() -> None:
    left_out = {(0, 0), (0, 2), (0, 4), (1, 1), (1, 5), (2, 2), (2, 0)}
    assert places(tf.logical_not(true_negatives(CANDIDATES, KNOWN))) == left_out


def test_one_positive_is_column_b_of_row_b() -> None:
    positives = own_positive(KNOWN)
    np.testing.assert_array_equal(positives.columns, [[0], [1], [2]])
    assert positives.counted.numpy().all()


def test_many_positives_count_each_known_candidate_once_and_the_rows_own_always() -> None:
    positives = many_positives(CANDIDATES, KNOWN)
    counted = [
        set(columns[flags].tolist())
        for columns, flags in zip(positives.columns.numpy(), positives.counted.numpy(), strict=True)
    ]
    assert counted == [{0, 4}, {1}, {2}]
    np.testing.assert_array_equal(positives.counted.numpy().sum(1), [2, 1, 1])


def test_the_mean_is_over_the_counted_positives_only() -> None:
    mean = many_positives(CANDIDATES, KNOWN).mean(tf.constant([[1.0, 50.0, 4.0], [3.0, 50.0, 50.0], [5.0, 50.0, 50.0]]))
    np.testing.assert_allclose(mean, [(1 + 4) / 2, 3, 5])


def test_cross_entropy_is_minus_the_log_of_the_positives_share() -> None:
    positive, negatives = np.array([[1.0], [-2.0]]), np.array([[0.5, 0.1], [2.0, 3.0]])
    share = np.exp(positive[:, 0]) / (np.exp(positive[:, 0]) + np.exp(negatives).sum(1))
    rivals = tf.reduce_logsumexp(tf.constant(negatives), -1, keepdims=True)
    np.testing.assert_allclose(cross_entropy(tf.constant(positive), rivals)[:, 0], -np.log(share))


def test_cross_entropy_of_a_sure_row_is_small_and_not_zero() -> None:
    sure = cross_entropy(tf.constant([[30.0]]), tf.constant([[0.0]])).numpy().item()
    assert sure == pytest.approx(np.exp(-30.0))


def test_log_add_joins_sums_of_rivals_and_ignores_what_is_masked() -> None:
    a, b = tf.constant([1.0, NEVER, 2.0, NEVER, 1e4]), tf.constant([2.0, 3.0, NEVER, NEVER, 1e4])
    both = log_add(a, b).numpy()
    np.testing.assert_allclose(both, [np.log(np.exp(1) + np.exp(2)), 3, 2, NEVER, 1e4 + np.log(2)], rtol=1e-6)


def test_the_hinge_is_the_mean_over_the_negatives_that_come_nearer_than_the_margin() -> None:
    negative = tf.constant([[False, True, True], [True, False, False]])
    values = hinges(tf.constant([2.0, 0.0]), tf.constant([[2.0, 1.5, -3.0], [0.5, 0.0, 9.0]]), negative, margin=1.0)
    np.testing.assert_allclose(values, [((1 - 2 + 1.5) + 0) / 2, 1 - 0 + 0.5])


def test_the_hinge_of_a_row_without_negatives_is_zero() -> None:
    values = hinges(tf.constant([2.0]), tf.constant([[2.0, 9.0]]), tf.constant([[False, False]]), margin=1.0)
    np.testing.assert_array_equal(values, [0.0])


def test_mixed_scores_equal_those_of_explicitly_mixed_vectors() -> None:
    alpha = RNG.uniform(0.4, 0.6, (3, 4)).astype(np.float32)
    positive = np.sum(QUERIES * ITEMS[:3], -1, keepdims=True)
    scores = QUERIES @ ITEMS[3:].T
    order = np.argsort(-scores, -1)
    vectors = alpha[..., None] * ITEMS[:3][:, None, :] + (1 - alpha[..., None]) * ITEMS[3:][order]
    expected = np.einsum("bd,bnd->bn", QUERIES, vectors)
    mixed = mix(tf.constant(positive), hardest(tf.constant(scores), 4), tf.constant(alpha), moves_positive=True)
    np.testing.assert_allclose(mixed[:, 0], expected, atol=1e-5)


def test_what_is_mixed_from_a_masked_negative_is_masked() -> None:
    mixed = mix(tf.constant([[1.0]]), tf.constant([[2.0, NEVER]]), tf.constant([[0.5, 0.5]]), moves_positive=True)
    np.testing.assert_array_equal(mixed, np.array([[[1.5, NEVER]]], np.float32))


def test_a_mix_pushes_the_positive_down_unless_told_not_to() -> None:
    positive, hard, alpha = tf.constant([[1.0]]), tf.constant([[0.5]]), tf.constant([[0.4]])
    slopes = []
    for moves in (True, False):
        with tf.GradientTape() as tape:
            tape.watch(positive)
            mixed = mix(positive, hard, alpha, moves_positive=moves)
        slopes.append(tape.gradient(mixed, positive))
    assert slopes[0].numpy().item() == pytest.approx(0.4)
    assert slopes[1] is None


def test_no_more_hard_negatives_are_taken_than_there_are_columns() -> None:
    np.testing.assert_array_equal(hardest(tf.constant([[1.0, 3.0, 2.0]]), 2), [[3.0, 2.0]])
    np.testing.assert_array_equal(hardest(tf.constant([[1.0, 3.0, 2.0]]), 9), [[3.0, 2.0, 1.0]])


def test_alphas_lie_between_a_and_b_and_depend_on_the_seed_alone() -> None:
    hard = tf.zeros([50, 40])
    tf.random.set_seed(1)
    first = draw_alphas(hard, tf.constant([3, 7]), low=0.2, high=0.4).numpy()
    tf.random.set_seed(2)
    again = draw_alphas(hard, tf.constant([3, 7]), low=0.2, high=0.4).numpy()
    other = draw_alphas(hard, tf.constant([3, 8]), low=0.2, high=0.4).numpy()
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.99
    assert 0.2 <= first.min() < 0.205
    assert 0.395 < first.max() <= 0.4
    assert first.mean() == pytest.approx(0.3, abs=0.005)


def test_log_q_lowers_what_is_drawn_often() -> None:
    logits = corrected(tf.constant([[1.0, 1.0]]), tf.constant([4.0, 0.5])).numpy()
    np.testing.assert_allclose(logits, [[1 - np.log(4.0), 1 - np.log(0.5)]], rtol=1e-6)
    assert logits[0, 0] < logits[0, 1]


def test_log_q_makes_the_sampled_softmax_tend_to_the_whole_one() -> None:
    """Drawn in proportion to Q, a million candidates with log-Q give the cross-entropy over the whole pool."""
    rng = np.random.default_rng(0)
    scores, q = np.array([0.5, 1.5, -0.3, 0.1]), np.array([0.1, 0.6, 0.2, 0.1])
    drawn = rng.choice(4, 1_000_000, p=q)
    sampled = corrected(tf.constant(scores[drawn][None], tf.float64), tf.constant(q[drawn] * 1_000_000, tf.float64))
    assert float(tf.reduce_logsumexp(sampled)) == pytest.approx(np.log(np.exp(scores).sum()), abs=0.01)
