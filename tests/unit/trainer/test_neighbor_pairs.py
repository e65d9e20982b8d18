"""Choices -> neighbours, against the definition computed pair by pair."""

import math
from collections import defaultdict
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.features.windows import HOUR_MS
from multigrain.neighbors import Neighbors
from trainer.configs.config import NeighborsConfig
from trainer.data.neighbors import pairs as pairs_module
from trainer.data.neighbors.build import build_table
from trainer.data.neighbors.choices import Choices
from trainer.progress import Meter, Progress, silent

ITEMS = 7

Chosen = dict[tuple[int, int], tuple[int, float]]
"""(user, item) -> when in hours, and what it weighs."""
chosen = st.dictionaries(
    st.tuples(st.integers(0, 8), st.integers(0, ITEMS - 1)),
    st.tuples(st.integers(0, 40), st.sampled_from([1.0, 1.5, 2.0, 3.0])),
    max_size=40,
)


def choices_of(told: Chosen) -> Choices:
    rows = sorted((user, hour * HOUR_MS, item, weight) for (user, item), (hour, weight) in told.items())
    numbers = {user: number for number, user in enumerate(sorted({row[0] for row in rows}))}
    return Choices(
        item_ids=np.array([f"sku-{item}".encode() for item in range(ITEMS)]),
        users=np.array([numbers[row[0]] for row in rows], np.int32),
        items=np.array([row[2] for row in rows], np.int32),
        at_ms=np.array([row[1] for row in rows], np.int64),
        weights=np.array([row[3] for row in rows], np.float32),
    )


def by_definition(told: Chosen, within_hours: float) -> dict[str, dict[str, float]]:
    """item -> other -> how alike, for every pair that anybody chose close together."""
    of_user: defaultdict[int, dict[int, tuple[int, float]]] = defaultdict(dict)
    squares: defaultdict[int, float] = defaultdict(float)
    for (user, item), (hour, weight) in told.items():
        of_user[user][item] = (hour, weight)
        squares[item] += weight**2
    alike: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for mine in of_user.values():
        for one, other in permutations(mine, 2):
            (hour, weight), (other_hour, other_weight) = mine[one], mine[other]
            if abs(hour - other_hour) <= within_hours:
                share = weight * other_weight / math.log(2 + len(mine))
                alike[f"sku-{one}"][f"sku-{other}"] += share / math.sqrt(squares[one] * squares[other])
    return {one: dict(others) for one, others in alike.items()}


def built(told: Chosen, *, within_hours: float = 5, per_item: int = 100) -> Neighbors:
    config = NeighborsConfig(within_hours=within_hours, per_item=per_item)
    choices = choices_of(told)
    return build_table(choices, config, Meter("choices", len(choices), reporter=silent, clock=lambda: 0.0))[0]


def told_by(table: Neighbors) -> dict[str, list[tuple[str, float]]]:
    names = table.ids_of(np.arange(len(table)))
    whose, others, alike = table.around(np.arange(len(table)))
    found: dict[str, list[tuple[str, float]]] = {name: [] for name in names}
    for row, other, score in zip(whose.tolist(), others.tolist(), alike.tolist(), strict=True):
        found[names[row]].append((names[other], score))
    return found


@settings(deadline=None)
@given(chosen, st.integers(1, 40), st.sampled_from([1, 3, 40, 1_000]))
def test_neighbours_are_what_the_definition_says_however_the_pairs_are_cut(
    told: Chosen, within_hours: int, at_once: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs_module, "PAIRS_AT_ONCE", at_once)
        table = built(told, within_hours=within_hours)
    wanted, found = by_definition(told, within_hours), told_by(table)
    assert {one: {other for other, _ in others} for one, others in found.items()} == {
        one: set(others) for one, others in wanted.items()
    }
    for one, others in found.items():
        scores = [score for _, score in others]
        assert scores == sorted(scores, reverse=True)
        # Half precision has eleven bits.
        assert scores == pytest.approx([wanted[one][other] for other, _ in others], rel=2**-10)


@settings(deadline=None, max_examples=30)
@given(chosen, st.integers(1, 5))
def test_the_most_alike_are_kept_and_equal_ones_in_order_of_their_id(told: Chosen, per_item: int) -> None:
    whole, few = told_by(built(told)), told_by(built(told, per_item=per_item))
    assert few == {one: others[:per_item] for one, others in whole.items()}
    wanted = by_definition(told, 5)
    for one, others in whole.items():
        exact = [(-round(wanted[one][other], 12), other) for other, _ in others]
        assert exact == sorted(exact)


def test_a_busy_user_counts_less_by_hand() -> None:
    """sku-0 and sku-1 of one user with these two; sku-0 and sku-2 of one with five items."""
    told = {(1, 0): (0, 1.0), (1, 1): (0, 1.0), **{(2, item): (0, 1.0) for item in (0, 2, 3, 4, 5)}}
    alike = dict(told_by(built(told))["sku-0"])
    assert alike["sku-1"] == pytest.approx(1 / math.log(2 + 2) / math.sqrt(2 * 1), rel=2**-10)
    assert alike["sku-2"] == pytest.approx(1 / math.log(2 + 5) / math.sqrt(2 * 1), rel=2**-10)


def test_an_item_without_neighbours_is_not_in_the_table() -> None:
    table = built({(1, 0): (0, 1.0), (1, 1): (1, 1.0), (2, 3): (0, 1.0)})
    assert table.ids_of(np.arange(len(table))) == ["sku-0", "sku-1"]


def test_it_says_how_far_it_is() -> None:
    said: list[Progress] = []
    choices = choices_of({(user, item): (0, 1.0) for user in range(3) for item in range(4)})
    meter = Meter("choices", len(choices), reporter=said.append, clock=lambda: 0.0)
    _, pairs = build_table(choices, NeighborsConfig(), meter)
    assert (said[-1].done, said[-1].total) == (12, 12)
    assert pairs == 4 * 3, "of four items each way; three users make them, and they are counted once"
