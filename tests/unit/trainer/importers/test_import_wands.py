"""WANDS: tab-separated files with quoted fields, labels as grades."""

from pathlib import Path

import pytest

from multigrain.errors import InvalidLog
from tests.unit.trainer.importers.source_files import write_wands
from trainer.data.importers.importer import Source
from trainer.data.importers.wands import IMPORTER


def test_the_hierarchy_becomes_the_path_and_the_class_stands_in_for_it(tmp_path: Path) -> None:
    write_wands(tmp_path)
    items = IMPORTER.run(Source(folder=tmp_path)).logs.catalog.to_pylist()
    assert [(row["item_id"], row["category_path"]) for row in items] == [
        ("0", ["Furniture", "Bedroom Furniture", "Beds/Bunks"]),
        ("7", ["Desks"]),
        ("8", ["unknown"]),
    ]
    classes = [dict(row["attributes"]).get("product_class") for row in items]
    assert classes == ["Beds", "Desks|Tables", None]


def test_labels_become_grades_of_the_queries_text(tmp_path: Path) -> None:
    write_wands(tmp_path)
    judgments = IMPORTER.run(Source(folder=tmp_path)).logs.judgments
    assert judgments is not None
    assert judgments.to_pylist() == [
        {"query": "oak bed", "item_id": "0", "grade": 3.0},
        {"query": "oak bed", "item_id": "7", "grade": 0.0},
        {"query": "desk", "item_id": "7", "grade": 1.5},
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1\t5\t0\tPerfect", "label.csv row 0 column label: 'Perfect' is unknown"),
        ("1\t9\t0\tExact", "label.csv row 0 column query_id: '9' is not in query.csv"),
        ("1\t5\t3\tExact", "label.csv row 0 column product_id: '3' is not in product.csv"),
    ],
)
def test_labels_that_cannot_be_are_refused(tmp_path: Path, row: str, message: str) -> None:
    write_wands(tmp_path)
    (tmp_path / "label.csv").write_text(f"id\tquery_id\tproduct_id\tlabel\n{row}\n")
    with pytest.raises(InvalidLog, match=message):
        IMPORTER.run(Source(folder=tmp_path))


def test_a_file_separated_by_commas_lacks_its_columns(tmp_path: Path) -> None:
    write_wands(tmp_path)
    (tmp_path / "query.csv").write_text("query_id,query,query_class\n5,oak bed,Beds\n")
    with pytest.raises(InvalidLog, match=r"query\.csv column query_id: is missing"):
        IMPORTER.run(Source(folder=tmp_path))


def test_a_line_with_too_few_fields_is_refused(tmp_path: Path) -> None:
    write_wands(tmp_path)
    (tmp_path / "query.csv").write_text("query_id\tquery\tquery_class\n5\n")
    with pytest.raises(InvalidLog, match=r"query\.csv: not a table separated by tabs"):
        IMPORTER.run(Source(folder=tmp_path))
