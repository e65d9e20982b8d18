"""Amazon Beauty: purchases in order become searches on made-up days."""

from pathlib import Path

import pytest

from multigrain.errors import InvalidLog
from tests.unit.trainer.importers.source_files import write_amazon_beauty, write_table
from trainer.data.importers.amazon_beauty import IMPORTER
from trainer.data.importers.importer import Source
from trainer.data.logs import Logs

LAST_DAY_MS = 1_406_116_800_000
DAY_MS = 86_400_000


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    write_amazon_beauty(tmp_path)
    return IMPORTER.run(Source(folder=tmp_path)).logs


def test_the_path_runs_from_the_common_category_to_the_rare_one(logs: Logs) -> None:
    # Three products are Beauty, two are Hair Care, one each is the rest.
    assert logs.catalog["category_path"].to_pylist() == [
        ["Beauty", "Hair Care", "Combs"],
        ["Beauty", "Hair Care", "Brushes"],
        ["Beauty", "Soaps"],
    ]


def test_a_title_is_made_of_brand_and_categories(logs: Logs) -> None:
    assert logs.catalog["title"].to_pylist() == [
        "Kammer Beauty Hair Care Combs",
        "Beauty Hair Care Brushes",
        "Beauty Soaps",
    ]
    assert logs.catalog["brand"].to_pylist() == ["Kammer", "", ""]


def test_a_user_buys_one_thing_a_day_up_to_the_last_day_of_all(logs: Logs) -> None:
    searches = logs.searches.to_pylist()
    assert [(row["user_id"], row["query"], row["at_ms"]) for row in searches] == [
        ("ann", "Beauty Soaps", LAST_DAY_MS - 2 * DAY_MS),
        ("ann", "Beauty Hair Care Combs", LAST_DAY_MS - DAY_MS),
        ("ann", "Beauty Hair Care Brushes", LAST_DAY_MS),
        ("bob", "Beauty Soaps", LAST_DAY_MS),
    ]


def test_a_purchase_is_a_search_then_a_click_then_an_order(logs: Logs) -> None:
    (search,) = [row for row in logs.searches.to_pylist() if row["user_id"] == "bob"]
    events = [row for row in logs.events.to_pylist() if row["search_id"] == search["search_id"]]
    assert [(row["action"], row["item_id"], row["at_ms"] - search["at_ms"]) for row in events] == [
        ("click", "p-soap", 60_000),
        ("order", "p-soap", 120_000),
    ]


def test_the_last_24_hours_hold_last_purchases_only(logs: Logs) -> None:
    late = [row for row in logs.searches.to_pylist() if row["at_ms"] > logs.last_ms - DAY_MS]
    assert [(row["user_id"], row["query"]) for row in late] == [
        ("ann", "Beauty Hair Care Brushes"),
        ("bob", "Beauty Soaps"),
    ]


def test_a_purchase_of_an_unknown_product_is_refused(tmp_path: Path) -> None:
    write_amazon_beauty(tmp_path)
    write_table(tmp_path, "sequences.parquet", [{"user_id": "ann", "asins_in_time_order": ["p-soap", "p-gone"]}])
    with pytest.raises(InvalidLog, match=r"sequences\.parquet row 0 column asins_in_time_order"):
        IMPORTER.run(Source(folder=tmp_path))
