"""The table of neighbours: written and mapped again, and refused where it would answer nonsense."""

from pathlib import Path

import numpy as np
import pytest

from multigrain import neighbors
from multigrain.errors import BundleRefused
from multigrain.neighbors import Neighbors
from multigrain.types import ItemId


def a_table(told: dict[str, dict[str, float]]) -> Neighbors:
    """Of item -> neighbour -> how alike, both by id, in this order."""
    names = sorted(told)
    entries = [(names.index(other), alike) for name in names for other, alike in told[name].items()]
    return Neighbors(
        ids=np.array([name.encode() for name in names]),
        starts=np.cumsum([0, *(len(told[name]) for name in names)], dtype=np.int64),
        neighbors=np.array([row for row, _ in entries], np.int32),
        scores=np.array([alike for _, alike in entries], np.float16),
    )


TOLD = {"sku-1": {"sku-2": 0.5, "鞋": 0.25}, "sku-2": {"sku-1": 0.5}, "鞋": {"sku-1": 0.25}}


def ids(*names: str) -> list[ItemId]:
    return [ItemId(name) for name in names]


def told_by(table: Neighbors, *names: str) -> list[tuple[str, str, float]]:
    whose, others, alike = table.around(table.rows_of(ids(*names)))
    found = table.ids_of(others.astype(np.int64))
    return [(names[one], other, score) for one, other, score in zip(whose, found, alike.tolist(), strict=True)]


def test_a_saved_table_comes_back_as_it_was(tmp_path: Path) -> None:
    neighbors.save(a_table(TOLD), tmp_path / "neighbors")
    table = neighbors.load(tmp_path / "neighbors")
    assert len(table) == 3
    assert told_by(table, "鞋", "sku-1") == [("鞋", "sku-1", 0.25), ("sku-1", "sku-2", 0.5), ("sku-1", "鞋", 0.25)]


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        neighbors.save(a_table(TOLD), tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_an_unknown_item_stands_nowhere_even_if_it_begins_like_a_known_one() -> None:
    table = a_table(TOLD)
    assert table.rows_of(ids("sku-10", "sku", "", "zzz", "sku-2", "sku-1234567890")).tolist() == [-1, -1, -1, -1, 1, -1]


def test_a_bundle_without_the_folder_has_no_neighbours(tmp_path: Path) -> None:
    table = neighbors.load(tmp_path / "neighbors")
    assert (len(table), told_by(table)) == (0, [])
    assert table.rows_of(ids("sku-1")).tolist() == [-1]


def test_an_empty_table_comes_back_empty(tmp_path: Path) -> None:
    neighbors.save(Neighbors.none(), tmp_path / "neighbors")
    assert len(neighbors.load(tmp_path / "neighbors")) == 0


@pytest.mark.parametrize("name", neighbors.FILES)
def test_a_missing_or_broken_column_is_refused_by_name(tmp_path: Path, name: str) -> None:
    neighbors.save(a_table(TOLD), tmp_path)
    file = tmp_path / f"{name}.npy"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BundleRefused, match=rf"{name}\.npy: cannot be read as an array .* export the bundle again"):
        neighbors.load(tmp_path)
    file.unlink()
    with pytest.raises(BundleRefused, match=rf"{name}\.npy: is missing: export the bundle again"):
        neighbors.load(tmp_path)


def test_a_column_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    neighbors.save(a_table(TOLD), tmp_path)
    np.save(tmp_path / "ids.npy", np.array([{"sku-1"}, None, 3], object), allow_pickle=True)
    with pytest.raises(BundleRefused, match=r"ids\.npy: cannot be read"):
        neighbors.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "column", "problem"),
    [
        ("neighbors", [1, 2, 0, 3], "an entry names a row that is not there"),
        ("neighbors", [1, 2, 0, -1], "an entry names a row that is not there"),
        ("starts", [0, 2, 1, 4], "the starts do not divide the entries"),
        ("starts", [0, 2, 3, 5], "the starts do not divide the entries"),
        ("starts", [0, 2, 4], "3 items, 3 starts, 4 entries and 4 scores"),
        ("scores", [1, 2, 3, 4], "columns are S1, i1, i1, i1"),
    ],
)
def test_a_table_that_would_answer_nonsense_is_refused(
    tmp_path: Path, name: str, column: list[int], problem: str
) -> None:
    neighbors.save(a_table(TOLD), tmp_path)
    np.save(tmp_path / f"{name}.npy", np.array(column, np.int64))
    with pytest.raises(BundleRefused, match=f"{problem}.*: export the bundle again"):
        neighbors.load(tmp_path)
