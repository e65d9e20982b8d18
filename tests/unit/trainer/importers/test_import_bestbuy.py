"""Best Buy: one search a query and time, with all its clicks."""

from pathlib import Path

import pytest

from tests.unit.trainer.importers.source_files import write_bestbuy, write_retrotech
from trainer.data.importers.bestbuy import IMPORTER
from trainer.data.importers.importer import Imported, Source

AUG_31_10_00_MS = 1_314_784_800_000
SEP_1_10_00_MS = 1_314_871_200_000


@pytest.fixture
def imported(tmp_path: Path) -> Imported:
    write_bestbuy(tmp_path)
    return IMPORTER.run(Source(folder=tmp_path))


def test_clicks_of_one_query_and_time_are_one_search(imported: Imported) -> None:
    searches = imported.logs.searches.to_pylist()
    assert [(row["user_id"], row["query"], row["at_ms"]) for row in searches] == [
        ("bob", "Space golf ", AUG_31_10_00_MS),
        ("ann", "Space golf ", SEP_1_10_00_MS + 1),
        ("ann", "drums", 1_314_921_600_000),
    ]
    assert all(row["exposed_item_ids"] == [] for row in searches)


def test_a_click_belongs_to_its_search(imported: Imported) -> None:
    queries = {row["search_id"]: row["user_id"] for row in imported.logs.searches.to_pylist()}
    events = imported.logs.events.to_pylist()
    assert [(row["item_id"], row["action"], queries[row["search_id"]]) for row in events] == [
        ("99", "click", "bob"),
        ("11", "click", "ann"),
        ("12", "click", "ann"),
    ]
    assert events[1]["at_ms"] == SEP_1_10_00_MS + 30_500


def test_a_click_before_its_search_is_moved_to_it_and_counted(imported: Imported) -> None:
    assert imported.logs.events["at_ms"].to_pylist()[0] == AUG_31_10_00_MS
    assert _rows(imported, "before their search") == 1


def test_a_click_on_a_product_without_a_name_is_kept_and_counted(imported: Imported) -> None:
    assert "99" not in imported.logs.catalog["item_id"].to_pylist()
    assert _rows(imported, "without a name") == 1


def test_distractors_join_the_items_under_ids_of_their_own(tmp_path: Path) -> None:
    write_bestbuy(tmp_path / "set")
    write_retrotech(tmp_path / "retrotech")
    imported = IMPORTER.run(Source(folder=tmp_path / "set", distractors=tmp_path / "retrotech"))
    items = imported.logs.catalog.to_pylist()
    assert [row["item_id"] for row in items] == ["11", "12", "upc-0001", "upc-0001-2"]
    assert items[3]["title"] == "A Film (Director's Cut) - DVD"
    assert (items[3]["brand"], items[3]["attributes"]) == ("Studio", [("upc", "0001")])
    assert _rows(imported, "distractors") == 2


def _rows(imported: Imported, words: str) -> int:
    (remark,) = [remark for remark in imported.remarks if words in remark.what]
    return remark.rows
