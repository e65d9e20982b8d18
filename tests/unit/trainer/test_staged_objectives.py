"""Objectives over stages: every term and the whole against NumPy, slopes against differences, and what masks do."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.errors import InvalidConfig
from tests.small_training import small_config
from tests.unit.trainer.stages_by_hand import Search, Searches, by_hand, by_tensor, loss_of, slopes_of
from trainer.configs.config import TrainingConfig
from trainer.losses.impressions import Impressions
from trainer.losses.objective import check_objective, staged_objective
from trainer.replicas import Part

RNG = np.random.default_rng(7)
CASE = Searches(
    scores=RNG.normal(size=(4, 12)),
    # Row 1 has no order, row 2 neither order nor anything left alone; what row 0 left alone row 1 has clicked.
    searches=[
        Search(clicked=[0, 1], ordered=1, unclicked=[2, 3], known=[9]),
        Search(clicked=[3], ordered=0, unclicked=[4, 5, 6]),
        Search(clicked=[0], ordered=0, unclicked=[]),
        Search(clicked=[7, 8, 1], ordered=2, unclicked=[0]),
    ],
    pool=[2, 9, 10, 11, 11],
)


def weighing(temperature: float = 0.5, **weights: Any) -> TrainingConfig:  # Any: fields of [multi_stage]
    return small_config(loss={"kind": "multi_stage", "temperature": temperature}, multi_stage=weights)


def levels(temperature: float = 0.5, **weights: float) -> TrainingConfig:
    kind = {"kind": "multi_objective_softmax", "temperature": temperature}
    return small_config(loss=kind, multi_objective=weights)


NONE = {"clicked": 0.0, "unclicked": 0.0, "clicked_pairs": 0.0, "ordered_pairs": 0.0}
NO_LEVEL = {"exposed": 0.0, "clicked": 0.0, "ordered": 0.0}
CONFIGS = {
    **{f"only {term}": weighing(**{**NONE, term: 1.0}) for term in NONE},
    **{f"only {level} level": levels(**{**NO_LEVEL, level: 1.0}) for level in NO_LEVEL},
    "all terms": weighing(),
    "weighted terms": weighing(clicked=2.0, unclicked=0.3, ordered_pairs=0.5, ordered_margin=0.7),
    "smooth pairs": weighing(pairs="softplus", clicked_margin=0.3, ordered_margin=0.4),
    "cold": weighing(temperature=1 / 30),
    "all levels": levels(),
    "weighted levels": levels(exposed=0.2, ordered=3.0),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_the_objective_is_what_the_formulas_give(name: str) -> None:
    loss, _ = by_tensor(CASE, CONFIGS[name])
    assert loss.dtype == tf.float32
    assert float(loss) == pytest.approx(by_hand(CASE, CONFIGS[name]), rel=1e-5)


@pytest.mark.parametrize("name", CONFIGS)
def test_slopes_are_the_central_differences_of_the_formulas(name: str) -> None:
    _, slopes = by_tensor(CASE, CONFIGS[name])
    np.testing.assert_allclose(slopes, slopes_of(CASE, CONFIGS[name]), atol=2e-4)


def two_scores(clicked: float, unclicked: float, negative: float, *, ordered: int = 0) -> Searches:
    """One search that clicked one item and left one alone, beside one item of the pool."""
    return Searches(np.array([[clicked, unclicked, negative]]), [Search([0], ordered, [1])], pool=[2])


def test_each_term_by_hand() -> None:
    case = two_scores(0.5, 0.45, 0.1, ordered=1)
    terms = {name: float(by_tensor(case, weighing(1.0, **{**NONE, name: 1.0}))[0]) for name in NONE}
    assert terms == pytest.approx(
        {
            "clicked": math.log(1 + math.exp(0.1 - 0.5)),
            "unclicked": math.log(1 + math.exp(0.1 - 0.45)),
            "clicked_pairs": 0.1 - 0.5 + 0.45,
            "ordered_pairs": 0.2 - 0.5 + 0.45,
        },
        abs=1e-6,
    )
    assert float(by_tensor(case, weighing(1.0))[0]) == pytest.approx(sum(terms.values()), abs=1e-6), "a plain sum"


def test_each_level_by_hand() -> None:
    """Ordered 0, clicked 1, left alone 2, of the pool 3."""
    scores = [0.8, 0.6, 0.4, 0.1]
    case = Searches(np.array([scores]), [Search([0, 1], 1, [2])], pool=[3])

    def of(positive: int, *rivals: int) -> float:
        return math.log(1 + sum(math.exp(scores[rival] - scores[positive]) for rival in rivals))

    expected = {
        "exposed": (of(0, 3) + of(1, 3) + of(2, 3)) / 3,
        "clicked": (of(0, 2, 3) + of(1, 2, 3)) / 2,
        "ordered": of(0, 1, 2, 3),
    }
    found = {name: float(by_tensor(case, levels(1.0, **{**NO_LEVEL, name: 1.0}))[0]) for name in NO_LEVEL}
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_pair_that_is_a_margin_apart_rests_and_smooth_pairs_never_do() -> None:
    apart = two_scores(0.9, 0.1, 0.0)
    only_pairs = {**NONE, "clicked_pairs": 1.0}
    assert not by_tensor(apart, weighing(0.1, **only_pairs))[1].any()
    assert by_tensor(apart, weighing(0.1, **only_pairs, pairs="softplus"))[1][0, 0] < 0


def test_what_was_left_alone_is_no_negative_of_a_click_and_no_click_is_a_negative() -> None:
    for name in ("clicked", "unclicked"):
        _, slopes = by_tensor(CASE, weighing(**{**NONE, name: 1.0}))
        for row, search in enumerate(CASE.searches):
            for item in (*search.clicked, *search.unclicked, *search.known):
                assert slopes[row, item] <= 0, "it is pulled up, or left where it is"
        assert slopes[0, 10] > 0, "an item of the pool is pushed down"
        assert slopes[0, 7] > 0, "what another row clicked is, too"


@pytest.mark.parametrize("name", ["unclicked", "clicked_pairs", "ordered_pairs"])
def test_searches_without_a_stage_do_not_make_its_term_smaller(name: str) -> None:
    """Three more searches that clicked what everybody knows, and nothing else: the term does not notice."""
    alone = replace(CASE, scores=CASE.scores[:1], searches=CASE.searches[:1])
    others = [Search(clicked=[0], ordered=0, unclicked=[])] * 3
    among = replace(CASE, searches=[CASE.searches[0], *others])
    config = weighing(**{**NONE, name: 1.0})
    assert float(by_tensor(among, config)[0]) == pytest.approx(float(by_tensor(alone, config)[0]), rel=1e-6)
    assert not by_tensor(among, config)[1][1:].any(), "and teaches nothing on them"


def test_a_batch_without_any_order_or_unclicked_item_has_a_loss_and_slopes() -> None:
    bare = replace(CASE, searches=[Search([row], 0, []) for row in range(4)])
    for config in (weighing(), levels()):
        loss, slopes = by_tensor(bare, config)
        assert float(loss) == pytest.approx(by_hand(bare, config), rel=1e-5)
        assert np.isfinite(slopes).all()


@pytest.mark.parametrize("name", ["all terms", "all levels"])
@pytest.mark.parametrize("count", [2, 4])
def test_the_mean_over_the_parts_is_the_loss_of_the_batch(name: str, count: int) -> None:
    """Though one part may hold every order of the batch."""
    whole, slopes = by_tensor(CASE, CONFIGS[name])
    parts = [by_tensor(CASE, CONFIGS[name], Part(number, count)) for number in range(count)]
    assert sum(float(loss) for loss, _ in parts) / count == pytest.approx(float(whole), rel=1e-6)
    np.testing.assert_allclose(sum(each for _, each in parts) / count, slopes, atol=1e-6)


@pytest.mark.parametrize("name", ["all terms", "smooth pairs", "all levels"])
def test_compiled_by_xla_the_loss_is_the_same(name: str) -> None:
    compiled = tf.function(lambda vectors: loss_of(vectors, CASE, CONFIGS[name]), jit_compile=True, autograph=False)
    vectors = tf.constant(CASE.scores.T, tf.float32)
    np.testing.assert_allclose(compiled(vectors), loss_of(vectors, CASE, CONFIGS[name]), rtol=1e-6)


@pytest.mark.parametrize("half", [tf.bfloat16, tf.float16])
def test_the_loss_is_float32_whatever_the_towers_compute_in(half: Any) -> None:
    vectors = tf.cast(CASE.scores.T, half)
    for config in (weighing(), levels()):
        loss = loss_of(vectors, CASE, config)
        assert loss.dtype == tf.float32
        assert loss.numpy() == loss_of(tf.cast(vectors, tf.float32), CASE, config).numpy()


@st.composite
def batches(draw: st.DrawFn) -> Searches:
    """Searches of all shapes over a catalogue of eight, so that items of one are often those of another."""
    searches = []
    for _ in range(draw(st.integers(1, 4))):
        items = draw(st.permutations(range(8)))
        clicks, unclicks = draw(st.integers(1, 3)), draw(st.integers(0, 4))
        ordered = draw(st.integers(0, clicks))
        searches.append(
            Search(items[:clicks], ordered, items[clicks : clicks + unclicks], items[7 : 7 + draw(st.integers(0, 1))])
        )
    scale = draw(st.sampled_from([0.3, 1.0, 10.0]))
    scores = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).normal(size=(len(searches), 8)) * scale
    return Searches(scores, searches, pool=draw(st.lists(st.integers(0, 7), min_size=1, max_size=6)))


configs = st.one_of(
    st.builds(
        weighing,
        st.sampled_from([1 / 30, 0.5, 2.0]),
        clicked=st.sampled_from([0.5, 1.0]),
        unclicked=st.sampled_from([0.0, 0.1, 1.0]),
        clicked_pairs=st.sampled_from([0.0, 1.0]),
        ordered_pairs=st.sampled_from([0.0, 1.0]),
        clicked_margin=st.sampled_from([0.0, 0.1, 1.0]),
        ordered_margin=st.sampled_from([0.2, 2.0]),
        pairs=st.sampled_from(["hinge", "softplus"]),
    ),
    st.builds(levels, st.sampled_from([1 / 30, 0.5, 2.0]), exposed=st.floats(0, 1), ordered=st.floats(0, 2)),
)


@settings(deadline=None, max_examples=120)
@given(batches(), configs)
def test_any_objective_of_any_batch_is_what_the_formulas_give(case: Searches, config: TrainingConfig) -> None:
    loss, slopes = by_tensor(case, config)
    assert float(loss) == pytest.approx(by_hand(case, config), rel=1e-4, abs=1e-4)
    assert np.isfinite(slopes).all()


@settings(deadline=None, max_examples=40)
@given(batches(), configs, st.sampled_from([1e4, -1e4, 0.0]))
def test_loss_and_slopes_are_numbers_for_huge_scores(case: Searches, config: TrainingConfig, scale: float) -> None:
    loss, slopes = by_tensor(replace(case, scores=case.scores * scale), config)
    assert np.isfinite(loss.numpy())
    assert np.isfinite(slopes).all()


def test_an_older_search_counts_less_in_every_term() -> None:
    seen = Impressions(
        clicked=tf.constant([[0], [1]]),
        is_ordered=tf.constant([[True], [True]]),
        unclicked=tf.constant([[2], [2]]),
    )
    vectors = tf.constant(RNG.normal(size=(4, 2)), tf.float32)

    def loss(weights: list[float] | None) -> float:
        return float(
            staged_objective(
                tf.eye(2),
                tf.gather(vectors, seen.clicked),
                tf.gather(vectors, seen.unclicked),
                vectors,
                tf.range(4),
                seen.clicked,
                seen,
                weighing(),
                weights=None if weights is None else tf.constant(weights),
            )
        )

    assert loss([1.0, 1.0]) == pytest.approx(loss(None))
    assert loss([0.5, 0.5]) == pytest.approx(loss(None) / 2)
    assert loss([1.0, 0.0]) + loss([0.0, 1.0]) == pytest.approx(loss(None))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"multi_stage": {"ordered_margin": 0.1}}, r"multi_stage\.ordered_margin: 0\.1 is not above .*clicked_margin"),
        ({"multi_stage": NONE}, r"multi_stage: every weight is 0: leave one above it"),
        ({"loss": {"kind": "multi_objective_softmax"}, "multi_objective": NO_LEVEL}, r"multi_objective: every weight"),
        ({"loss": {"mixed": 4}}, r"loss\.mixed: 4 is of one drawn positive, .*'multi_stage': set it to 0"),
        ({"loss": {"log_q": True}}, r"loss\.log_q: True is of one drawn positive"),
        ({"loss": {"positives": "many"}}, r"loss\.positives: 'many' is of one drawn positive.*set it to 'one'"),
        ({"loss": {"negatives": "category"}}, r"loss\.negatives: 'category'"),
    ],
)
def test_what_cannot_be_learnt_is_refused_with_the_key_and_the_cure(changes: dict[str, Any], problem: str) -> None:
    changes = {**changes, "loss": {"kind": "multi_stage", **changes.get("loss", {})}}
    with pytest.raises(InvalidConfig, match=problem):
        check_objective(small_config(**changes))


def test_margins_of_terms_that_are_off_are_not_looked_at() -> None:
    check_objective(weighing(clicked_margin=0.5, ordered_pairs=0.0))
    check_objective(weighing(clicked_margin=0.5, clicked_pairs=0.0))
