"""The loss against NumPy, written out from the formulas."""

import numpy as np
import pytest
import tensorflow as tf

from trainer.configs.config import LossConfig
from trainer.losses.accidental_hits import accidental_hits
from trainer.losses.log_q import corrected, expected_draws
from trainer.losses.mixed_negatives import hardest, mixed_logits
from trainer.losses.retrieval import cross_entropy, retrieval_logits, retrieval_loss

RNG = np.random.default_rng(5)
QUERIES = RNG.normal(size=(3, 8)).astype(np.float32)
ITEMS = RNG.normal(size=(7, 8)).astype(np.float32)
CANDIDATES = np.array([10, 11, 12, 13, 14, 15, 16], np.int32)
NO_OTHERS = np.array([[10], [11], [12]], np.int32)
ONES = np.ones(7, np.float32)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_loss_is_softmax_cross_entropy_with_every_logit_divided_by_the_temperature() -> None:
    chances = softmax(QUERIES @ ITEMS.T / 2.0)
    expected = -np.log([chances[0, 0], chances[1, 1], chances[2, 2]]).mean()
    loss = retrieval_loss(QUERIES, ITEMS, CANDIDATES, NO_OTHERS, ONES, LossConfig(temperature=2.0))
    assert float(loss) == pytest.approx(expected, abs=1e-5)


def test_an_accidental_hit_has_a_softmax_of_exactly_zero() -> None:
    candidates = np.array([10, 11, 10, 13, 14, 11, 16], np.int32)  # rows 0 and 2 share a positive; the pool holds 11
    known = np.array([[10, 14], [11, -1], [10, -1]], np.int32)  # row 0 also clicked 14
    logits = retrieval_logits(QUERIES, ITEMS, candidates, known, ONES, LossConfig(temperature=1.0))
    chances = tf.nn.softmax(logits).numpy()
    zero = {(0, 2), (0, 4), (1, 5), (2, 0)}
    assert {(int(r), int(c)) for r, c in np.argwhere(chances == 0.0)} == zero


def test_padding_of_known_positives_hits_nothing() -> None:
    hits = accidental_hits(tf.constant([0, 1, 2]), tf.constant([[0, -1], [1, -1]])).numpy()
    assert not hits.any()


def test_mixed_logits_equal_explicitly_mixed_vectors() -> None:
    alpha = RNG.uniform(0.4, 0.6, (3, 4)).astype(np.float32)
    positive = np.sum(QUERIES * ITEMS[:3], -1, keepdims=True)
    scores = QUERIES @ ITEMS[3:].T
    order = np.argsort(-scores, -1)
    vectors = alpha[..., None] * ITEMS[:3][:, None, :] + (1 - alpha[..., None]) * ITEMS[3:][order]
    expected = np.einsum("bd,bnd->bn", QUERIES, vectors)
    mixed = mixed_logits(tf.constant(positive), hardest(tf.constant(scores), 4), tf.constant(alpha))
    np.testing.assert_allclose(mixed.numpy(), expected, atol=1e-5)


def test_mixed_negatives_join_the_denominator_and_only_raise_the_loss() -> None:
    plain = retrieval_logits(QUERIES, ITEMS, CANDIDATES, NO_OTHERS, ONES, LossConfig(temperature=2.0))
    config = LossConfig(temperature=2.0, mixed=4)
    with_mixed = retrieval_logits(QUERIES, ITEMS, CANDIDATES, NO_OTHERS, ONES, config)
    assert with_mixed.shape == (3, 7 + 4)
    np.testing.assert_array_equal(with_mixed[:, :7], plain)
    assert (cross_entropy(with_mixed).numpy() > cross_entropy(plain).numpy()).all()


def test_a_masked_candidate_is_never_the_hard_part_of_a_mix() -> None:
    candidates = np.full(7, 10, np.int32)  # everything is row 0's positive
    known = np.array([[10], [10], [10]], np.int32)
    logits = retrieval_logits(QUERIES, ITEMS, candidates, known, ONES, LossConfig(mixed=4))
    chances = tf.nn.softmax(logits).numpy()
    np.testing.assert_array_equal(chances, np.eye(3, 11, dtype=np.float32))


def test_a_mix_pushes_the_positive_down_unless_told_not_to() -> None:
    positive, hard, alpha = tf.constant([[1.0]]), tf.constant([[0.5]]), tf.constant([[0.4]])
    slopes = []
    for moves in (True, False):
        with tf.GradientTape() as tape:
            tape.watch(positive)
            mixed = mixed_logits(positive, hard, alpha, moves_positive=moves)
        slopes.append(tape.gradient(mixed, positive))
    assert slopes[0].numpy().item() == pytest.approx(0.4)
    assert slopes[1] is None


def test_log_q_lowers_what_is_drawn_often() -> None:
    logits = corrected(tf.constant([[1.0, 1.0]]), tf.constant([4.0, 0.5])).numpy()
    np.testing.assert_allclose(logits, [[1 - np.log(4.0), 1 - np.log(0.5)]], rtol=1e-6)
    assert logits[0, 0] < logits[0, 1]


def test_expected_draws_add_the_batch_by_clicks_and_the_pool_evenly() -> None:
    draws = expected_draws(np.array([3, 1, 0, 0]), in_batch=8, uniform=4)
    np.testing.assert_allclose(draws, [8 * 3 / 4 + 1, 8 * 1 / 4 + 1, 1, 1])


def test_log_q_makes_the_sampled_softmax_tend_to_the_whole_one() -> None:
    """Drawn in proportion to Q, a million candidates with log-Q give the cross-entropy over the whole pool."""
    rng = np.random.default_rng(0)
    scores, q = np.array([0.5, 1.5, -0.3, 0.1]), np.array([0.1, 0.6, 0.2, 0.1])
    drawn = rng.choice(4, 1_000_000, p=q)
    sampled = corrected(tf.constant(scores[drawn][None], tf.float64), tf.constant(q[drawn] * 1_000_000, tf.float64))
    assert float(tf.reduce_logsumexp(sampled)) == pytest.approx(np.log(np.exp(scores).sum()), abs=0.01)
