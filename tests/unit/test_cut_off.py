import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain import cut_off
from multigrain.cut_off import CutOff
from multigrain.errors import BundleRefused
from multigrain.types import Float32s


def a_cut_off(**changes: Any) -> CutOff:  # Any: whatever field the test is about
    return replace(
        CutOff(
            slope_weights=np.array([0.5, 0.0], np.float32),
            slope_bias=math.log(10),
            offset_weights=np.array([0.0, 2.0], np.float32),
            offset_bias=-5.0,
            least=0.5,
        ),
        **changes,
    )


def vector(*numbers: float) -> Float32s:
    return np.array(numbers, np.float32)


def test_the_score_is_made_a_probability_by_the_query_s_own_curve() -> None:
    # At this query the slope is 10 * exp(0.5 * 0) and the offset 2 * 1 - 5: 10 * 0.5 - 3 = 2.
    probabilities = a_cut_off().probabilities(vector(0, 1), vector(0.3, 0.5))

    assert probabilities.tolist() == pytest.approx([0.5, 1 / (1 + math.exp(-2))])


def test_the_least_score_is_where_the_probability_is_the_least() -> None:
    assert a_cut_off().least_score(vector(0, 1)) == pytest.approx(0.3)
    # 10 * score - 3 = log(0.9 / 0.1)
    assert a_cut_off(least=0.9).least_score(vector(0, 1)) == pytest.approx((math.log(9) + 3) / 10)


def test_weights_of_zero_make_one_curve_for_all_queries() -> None:
    one = a_cut_off(slope_weights=vector(0, 0), offset_weights=vector(0, 0))

    assert one.least_score(vector(3, -4)) == one.least_score(vector(-1, 7)) == pytest.approx(0.5)


numbers = st.floats(-4, 4, width=32)
vectors = st.lists(numbers, min_size=3, max_size=3).map(lambda values: np.array(values, np.float32))


@given(vectors, vectors, numbers, numbers, st.floats(0.01, 0.99), vectors, st.floats(-2, 2, width=32))
def test_what_scores_below_the_least_is_less_likely_than_it(
    slopes: Float32s, offsets: Float32s, slope: float, offset: float, least: float, query: Float32s, score: float
) -> None:
    curves = CutOff(slope_weights=slopes, slope_bias=slope, offset_weights=offsets, offset_bias=offset, least=least)

    at_least = curves.least_score(query)

    exponent = sum(float(a) * float(b) for a, b in zip(slopes, query, strict=True)) + slope
    steepness = math.exp(min(max(exponent, -30), 30))
    height = sum(float(a) * float(b) for a, b in zip(offsets, query, strict=True)) + offset
    tangle = steepness * score + height
    likely = 1 / (1 + math.exp(-tangle)) if tangle > -700 else 0.0
    assert curves.probabilities(query, vector(score))[0] == pytest.approx(likely, abs=1e-9)
    if abs(likely - least) > 1e-9:
        assert (score < at_least) == (likely < least)


def test_a_curve_too_steep_for_a_float_still_cuts_somewhere() -> None:
    steep = a_cut_off(slope_bias=5000.0, offset_bias=0.0)
    flat = a_cut_off(slope_bias=-5000.0, offset_bias=1.0, offset_weights=vector(0, 0))

    assert steep.least_score(vector(0, 0)) == pytest.approx(0.0)
    assert flat.least_score(vector(0, 0)) == pytest.approx(-math.exp(30))


def test_what_is_saved_is_loaded_and_the_same_gives_the_same_bytes(tmp_path: Path) -> None:
    saved = a_cut_off()
    cut_off.save(saved, tmp_path)
    first = (tmp_path / "cut_off.npz").read_bytes()
    cut_off.save(saved, tmp_path)

    loaded = cut_off.load(tmp_path, dims=2)

    assert (tmp_path / "cut_off.npz").read_bytes() == first
    assert loaded is not None
    assert loaded.slope_weights.tolist() == [0.5, 0.0]
    assert loaded.offset_weights.tolist() == [0.0, 2.0]
    assert (loaded.slope_bias, loaded.offset_bias, loaded.least) == (math.log(10), -5.0, 0.5)


def test_a_bundle_without_one_has_none(tmp_path: Path) -> None:
    assert cut_off.load(tmp_path / "relevance", dims=2) is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"slope_weights": np.zeros(3, np.float32)}, r"slope_weights are of shape \(3,\), the towers have 2 dims"),
        ({"offset_weights": np.zeros((1, 2), np.float32)}, "offset_weights are of shape"),
        ({"slope_weights": np.array([np.nan, 0], np.float32)}, "slope_weights are not all numbers"),
        ({"offset_bias": math.inf}, "offset_bias is inf"),
        ({"least": 0.0}, "least is 0.0"),
        ({"least": 1.0}, "least is 1.0"),
    ],
)
def test_nonsense_is_refused_with_the_file_and_what_is_wrong(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    cut_off.save(a_cut_off(**changes), tmp_path)

    with pytest.raises(BundleRefused, match=rf"cut_off\.npz: {problem}"):
        cut_off.load(tmp_path, dims=2)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    whole = {"slope_weights": np.zeros(2), "offset_weights": np.zeros(2), "offset_bias": 0.0, "least": 0.5}
    path = tmp_path / "cut_off.npz"
    texts = {**whole, "slope_bias": np.array("steep")}
    several = {**whole, "slope_bias": np.zeros(3)}
    alone = io.BytesIO()
    np.save(alone, np.zeros(2))

    for write in (
        lambda: path.write_bytes(b""),
        lambda: path.write_bytes(b"PK\x03\x04 no zip"),
        lambda: path.write_text("weights"),
        lambda: path.write_bytes(alone.getvalue()),
        lambda: np.savez(path, **whole),  # without a slope
        lambda: np.savez(path, **texts),
        lambda: np.savez(path, **several),
        lambda: np.savez(path, slope_bias=np.array([None], object), **whole),
    ):
        write()
        with pytest.raises(BundleRefused, match=r"cut_off\.npz: is no cut-off"):
            cut_off.load(tmp_path, dims=2)
