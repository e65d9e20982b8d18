"""Home Depot: means of raters become grades without rounding."""

from pathlib import Path

import pytest

from multigrain.errors import InvalidLog
from tests.unit.trainer.importers.source_files import write_home_depot, write_table
from trainer.configs.config import load_config
from trainer.data.importers.home_depot import IMPORTER
from trainer.data.importers.importer import Source


def test_products_become_items_with_stand_ins(tmp_path: Path) -> None:
    write_home_depot(tmp_path)
    item = IMPORTER.run(Source(folder=tmp_path)).logs.catalog.to_pylist()[0]
    assert (item["item_id"], item["title"], item["shop"]) == ("1", "oak shelf 24 in.", "home-depot")
    assert (item["brand"], item["category_path"], item["price"], item["stock"]) == ("", ["unknown"], 0.0, 1)


@pytest.mark.parametrize(
    ("relevance", "grade"),
    [
        (1.0, 0.0),
        (1.25, 3 / 8),
        (1.33, 0.5),
        (1.67, 1.0),
        (2.0, 1.5),
        (2.33, 2.0),
        (2.67, 2.5),
        (2.75, 21 / 8),
        (3.0, 3.0),
    ],
)
def test_two_decimals_become_the_fraction_that_they_stand_for(tmp_path: Path, relevance: float, grade: float) -> None:
    write_home_depot(tmp_path)
    write_table(tmp_path, "judgments.parquet", [{"product_uid": 1, "query": "shelf", "relevance": relevance}])
    judgments = IMPORTER.run(Source(folder=tmp_path)).logs.judgments
    assert judgments is not None
    assert judgments.to_pylist() == [{"query": "shelf", "item_id": "1", "grade": grade}]


def test_judged_queries_become_searches_that_click_what_is_good(tmp_path: Path) -> None:
    """Grades are 3, 2 and 0 for `oak shelf`, 21/8 for `bracket`."""
    write_home_depot(tmp_path)
    logs = IMPORTER.run(Source(folder=tmp_path, judged_as="searches")).logs
    queries = {row["search_id"]: row["query"] for row in logs.searches.to_pylist()}
    clicks = [(queries[row["search_id"]], row["item_id"]) for row in logs.events.to_pylist()]
    assert sorted(clicks) == [("bracket", "2"), ("oak shelf", "1"), ("oak shelf", "2")]
    assert logs.judgments == IMPORTER.run(Source(folder=tmp_path)).logs.judgments


def test_nobody_searched_or_clicked(tmp_path: Path) -> None:
    write_home_depot(tmp_path)
    logs = IMPORTER.run(Source(folder=tmp_path)).logs
    assert (len(logs.searches), len(logs.events)) == (0, 0)


def test_the_configuration_of_the_results_is_one() -> None:
    config = load_config(Path(__file__).parents[4] / "docs/results/configs/home-depot.toml")
    assert (config.model.name, config.run.test_hours) == ("bag", 24)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"relevance": 3.5}, "judgments.parquet row 0 column relevance: 3.5 is not a relevance"),
        ({"product_uid": 9}, "judgments.parquet row 0 column product_uid: 9 is not in products.parquet"),
        ({"query": None}, "judgments.parquet row 0 column query: is null"),
    ],
)
def test_rows_that_cannot_be_are_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    write_home_depot(tmp_path)
    row = {"product_uid": 1, "query": "shelf", "relevance": 2.0, **change}
    write_table(tmp_path, "judgments.parquet", [row])
    with pytest.raises(InvalidLog, match=message):
        IMPORTER.run(Source(folder=tmp_path))
