"""What the multi-stage objective does to searches it has not seen: ordered above clicked above unclicked."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.small_training import small_config
from trainer.data.logs import write_logs
from trainer.data.market.marketplace import make_marketplace
from trainer.flow import make_candidate
from trainer.progress import silent

pytestmark = pytest.mark.slow

Scores = Mapping[str, float]
ALL_TERMS: dict[str, dict[str, object]] = {"loss": {"kind": "multi_stage"}}
CLICKS_ALONE: dict[str, dict[str, object]] = {"loss": {"kind": "softmax", "positives": "many"}}
LITTLE_UNCLICKED: dict[str, dict[str, object]] = {**ALL_TERMS, "multi_stage": {"unclicked": 0.1}}


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scores, Scores, Scores]:
    """Of all terms, of clicks alone, and of all terms with little weight on unclicked against negatives."""
    root = tmp_path_factory.mktemp("order")
    write_logs(root / "logs", make_marketplace(items=300, users=300, days=5, seed=3))
    first, second, third = (
        trained(root, str(number), changes)
        for number, changes in enumerate((ALL_TERMS, CLICKS_ALONE, LITTLE_UNCLICKED))
    )
    return first, second, third


def trained(root: Path, name: str, changes: Mapping[str, Mapping[str, object]]) -> Scores:
    """Scores on the test searches. `bag`, for its vectors have length 1 and its steps are quick."""
    config = small_config(
        model={"name": "bag"},
        loss={**changes["loss"], "temperature": 1 / 30, "pool": 128},
        multi_stage=changes.get("multi_stage", {}),
        optimizer={"decay": "linear"},
        neighbors={"per_item": 0},
        run={"batch_size": 64, "epochs": 4},
    )
    candidate = make_candidate(
        root / "logs", root / name, config, reporter=silent, clock=lambda: 0.0, clock_ms=lambda: 1234
    )
    assert candidate.report.queries > 200
    return candidate.report.scores


def test_ordered_stand_above_clicked_above_unclicked_above_any_item(scores: tuple[Scores, Scores, Scores]) -> None:
    of_all, _, _ = scores
    # Any item is at 0. Measured: 2.19, 2.11, 1.90.
    assert of_all["height_ordered"] >= of_all["height_clicked"] > of_all["height_unclicked"] > 1.0
    assert of_all["ordered_over_unclicked"] > of_all["clicked_over_unclicked"] > 0.5


def test_more_of_what_is_ordered_is_found_than_by_clicks_alone(scores: tuple[Scores, Scores, Scores]) -> None:
    of_all, of_clicks, _ = scores
    # Measured: 1.000 and 0.971, 0.991 and 0.958.
    assert of_all["order_recall@100"] > of_clicks["order_recall@100"]
    assert of_all["recall@100"] > of_clicks["recall@100"]


def test_unclicked_items_are_pulled_up_by_the_weight_of_their_own_term(scores: tuple[Scores, Scores, Scores]) -> None:
    of_all, _, of_little = scores
    assert of_little["height_unclicked"] < of_all["height_unclicked"]
    assert of_little["clicked_over_unclicked"] > of_all["clicked_over_unclicked"]
