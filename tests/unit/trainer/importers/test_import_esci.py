"""ESCI: one locale at a time, letters as grades."""

from pathlib import Path

import pytest

from multigrain.errors import InvalidLog
from tests.unit.trainer.importers.source_files import write_esci
from trainer.data.importers.esci import IMPORTER
from trainer.data.importers.importer import Source


def test_items_are_those_of_the_locale(tmp_path: Path) -> None:
    write_esci(tmp_path)
    items = IMPORTER.run(Source(folder=tmp_path, locale="es")).logs.catalog.to_pylist()
    assert [(row["item_id"], row["title"], row["brand"]) for row in items] == [("es-B01", "Taza roja", "Kiln")]


def test_a_product_without_a_title_is_called_by_its_id(tmp_path: Path) -> None:
    write_esci(tmp_path)
    mug, untitled = IMPORTER.run(Source(folder=tmp_path)).logs.catalog.to_pylist()
    assert (mug["title"], mug["attributes"]) == ("Red mug", [("color", "Red")])
    assert (untitled["title"], untitled["brand"], untitled["attributes"]) == ("us-B02", "", [])


def test_letters_become_grades(tmp_path: Path) -> None:
    write_esci(tmp_path)
    judgments = IMPORTER.run(Source(folder=tmp_path)).logs.judgments
    assert judgments is not None
    assert judgments["grade"].to_pylist() == [3.0, 2.0, 1.0, 0.0]
    assert judgments["item_id"].to_pylist() == ["us-B01", "us-B02", "us-B02", "us-B02"]


def test_a_locale_without_rows_is_refused(tmp_path: Path) -> None:
    write_esci(tmp_path)
    with pytest.raises(InvalidLog, match="has no rows of 'jp': name one that it has: es, us"):
        IMPORTER.run(Source(folder=tmp_path, locale="jp"))
