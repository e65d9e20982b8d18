"""How high ordered, clicked and unclicked items stand, by hand."""

import numpy as np
import pytest

from multigrain.types import Item
from tests.builders import an_item
from tests.unit.trainer.trials import a_trial, an_example
from trainer.evaluation.stage_order import stage_order
from trainer.evaluation.systems.exact import ExactSystem

ITEMS = [an_item(number) for number in range(1, 6)]
SCORES = {"red": [5.0, 4.0, 3.0, 2.0, 1.0], "blue": [0.0, 1.0, 1.0, 0.0, 3.0], "": [1.0] * 5}
"""Mean 3 and variance 2; mean 1 and variance 6/5; and a query that says nothing."""


class GivesScores:
    """An encoder by which a query scores the items as the table above has it."""

    bundle_id = "b-table"

    def encode_items(self, items: list[Item]) -> np.ndarray:
        return np.eye(len(items), dtype=np.float32)

    def encode_queries(self, queries: list[tuple[str, object]]) -> np.ndarray:
        return np.array([SCORES[text] for text, _ in queries], np.float32)


def order_of(*examples) -> dict[str, float]:  # type: ignore[no-untyped-def]  # examples of a trial
    return stage_order(ExactSystem(GivesScores()), a_trial(examples, ITEMS))  # type: ignore[arg-type]  # it encodes


def test_heights_are_standard_deviations_above_any_item() -> None:
    found = order_of(an_example("red", "sku-1", "sku-2", ordered=["sku-1"], unclicked=["sku-3", "sku-4"]))
    assert found["height_ordered"] == pytest.approx((5 - 3) / 2**0.5)
    assert found["height_clicked"] == pytest.approx((4 - 3) / 2**0.5), "what was ordered is not counted again"
    assert found["height_unclicked"] == pytest.approx((3 - 3 + 2 - 3) / 2 / 2**0.5)
    assert found["ordered_over_unclicked"] == found["clicked_over_unclicked"] == 1.0


def test_pairs_of_one_search_are_in_order_out_of_it_or_alike() -> None:
    found = order_of(an_example("blue", "sku-2", unclicked=["sku-1", "sku-3", "sku-5"]))
    assert found["clicked_over_unclicked"] == pytest.approx((1 + 0.5 + 0) / 3)
    assert found["height_unclicked"] == pytest.approx(((0 - 1) + (1 - 1) + (3 - 1)) / 3 / (6 / 5) ** 0.5)


def test_each_mean_is_over_the_searches_that_have_what_it_is_of() -> None:
    bought = an_example("red", "sku-2", ordered=["sku-2"], unclicked=["sku-1"])
    found = order_of(bought, an_example("blue", "sku-5", number=1))
    assert found["height_ordered"] == pytest.approx(1 / 2**0.5)
    assert found["height_clicked"] == pytest.approx((3 - 1) / (6 / 5) ** 0.5)
    assert found["ordered_over_unclicked"] == 0.0
    assert "clicked_over_unclicked" not in found, "nobody merely clicked one item and left another alone"


def test_a_query_that_says_nothing_has_every_item_at_the_same_height() -> None:
    found = order_of(an_example("", "sku-1", unclicked=["sku-2"]))
    assert found == {"height_clicked": 0.0, "height_unclicked": 0.0, "clicked_over_unclicked": 0.5}
