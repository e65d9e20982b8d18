"""The pool is drawn as it says it expects to be drawn."""

import numpy as np
import pytest

from trainer.data.pool import Pool

CLICKS = np.array([0, 81, 0, 16, 1, 0])
"""To the power 3/4: 27, 8 and 1."""


def test_without_a_popular_share_every_item_is_drawn_alike() -> None:
    drawn = Pool(CLICKS, popular=0.0).draw(60_000, np.random.default_rng(1))
    assert drawn.dtype == np.int32
    np.testing.assert_allclose(np.bincount(drawn, minlength=6), np.full(6, 10_000), rtol=0.05)


def test_without_a_popular_share_the_rows_are_those_of_one_even_draw() -> None:
    drawn = Pool(CLICKS, popular=0.0).draw(100, np.random.default_rng(1))
    np.testing.assert_array_equal(drawn, np.random.default_rng(1).integers(6, size=100, dtype=np.int32))


def test_the_popular_share_follows_clicks_to_the_power_three_quarters_and_never_meets_the_unclicked() -> None:
    drawn = Pool(CLICKS, popular=1.0).draw(36_000, np.random.default_rng(1))
    counts = np.bincount(drawn, minlength=6)
    np.testing.assert_array_equal(counts[[0, 2, 5]], 0)
    np.testing.assert_allclose(counts[[1, 3, 4]], [27_000, 8_000, 1_000], rtol=0.1)


@pytest.mark.parametrize("popular", [0.0, 0.3, 1.0])
def test_items_come_up_as_often_as_expected(popular: float) -> None:
    pool, rng = Pool(CLICKS, popular=popular), np.random.default_rng(2)
    counts = np.mean([np.bincount(pool.draw(10, rng), minlength=6) for _ in range(20_000)], axis=0)
    np.testing.assert_allclose(counts, pool.expected(10, in_batch=0), atol=0.05)


def test_expected_draws_add_the_batch_by_clicks_the_popular_share_and_the_even_one() -> None:
    expected = Pool(CLICKS, popular=0.5).expected(12, in_batch=98)
    assert expected.dtype == np.float32
    np.testing.assert_allclose(
        expected, [1, 81 + 6 * 27 / 36 + 1, 1, 16 + 6 * 8 / 36 + 1, 1 + 6 * 1 / 36 + 1, 1], rtol=1e-6
    )


def test_nothing_is_expected_never_so_that_its_logarithm_is_finite() -> None:
    expected = Pool(CLICKS, popular=1.0).expected(0, in_batch=4)
    assert np.isfinite(np.log(expected)).all()


def test_before_the_first_click_all_items_are_alike() -> None:
    pool = Pool(np.zeros(4, np.int64), popular=0.5)
    np.testing.assert_allclose(pool.expected(8, in_batch=4), np.full(4, 3.0))
    assert set(pool.draw(200, np.random.default_rng(0)).tolist()) == {0, 1, 2, 3}


def test_one_state_of_the_generator_gives_one_draw() -> None:
    pool = Pool(CLICKS, popular=0.5)
    np.testing.assert_array_equal(pool.draw(64, np.random.default_rng(7)), pool.draw(64, np.random.default_rng(7)))
