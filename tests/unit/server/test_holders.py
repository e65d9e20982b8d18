"""Whose titles hold a word, against titles looked through one by one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.text.findable import findable
from server.channels.lexical_index import LexicalIndex
from server.channels.lexical_reader import LexicalReader
from server.lexical import holding
from server.lexical.folder import SnapshotWriter

TITLES = {
    1: "Sony v4032 headphones",
    2: "headphones black",
    3: "耐克 运动鞋 v4032",
    4: "men's shoes",
    9: "V4032, once more: v4032",
}


@pytest.fixture
def index() -> Iterator[LexicalIndex]:
    made = LexicalIndex()
    made.put(TITLES.items())
    yield made
    made.close()


@pytest.mark.parametrize(
    ("word", "item_nos"),
    [("v4032", [1, 3, 9]), ("headphones", [1, 2]), ("运动", [3]), ("mens", [4]), ("nobody", []), ("", []), ("\0", [])],
)
def test_every_title_that_holds_the_word_is_found_in_order(index: LexicalIndex, word: str, item_nos: list[int]) -> None:
    assert index.holders(word).tolist() == item_nos
    assert index.holders(word).tolist() == item_nos  # as it was kept


def test_an_empty_index_has_no_holders() -> None:
    assert LexicalIndex().holders("v4032").tolist() == []


def test_holders_follow_the_titles(index: LexicalIndex) -> None:
    assert index.holders("v4032").tolist() == [1, 3, 9]

    index.put([(2, "another v4032"), (3, "without it")])
    index.remove([9])

    assert index.holders("v4032").tolist() == [1, 2]


def test_nobody_can_write_into_what_is_kept(index: LexicalIndex) -> None:
    with pytest.raises(ValueError, match="read-only"):
        index.holders("v4032")[0] = 7


def test_another_process_reads_the_same_holders(index: LexicalIndex, tmp_path: Path) -> None:
    reader = LexicalReader(tmp_path)
    assert reader.holders("v4032").tolist() == []
    writer = SnapshotWriter(tmp_path)
    writer.write(index.snapshot)
    reader.refresh()
    assert reader.holders("v4032").tolist() == [1, 3, 9]

    index.remove([1])
    writer.write(index.snapshot)
    reader.refresh()

    assert reader.holders("v4032").tolist() == [3, 9]


def test_words_of_many_titles_are_put_in_order_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """In segments of any size, where holders are marked and not sorted."""
    monkeypatch.setattr(holding, "FEW", 10)
    index = LexicalIndex()
    for first in (3001, 1, 1501):
        index.put((number, f"shoes {'long ' * (number % 3)}{number}") for number in range(first, first + 1500))

    assert index.holders("shoes").tolist() == list(range(1, 4501))
    assert index.holders("long").tolist() == [number for number in range(1, 4501) if number % 3]
    index.close()


def test_what_is_kept_has_an_end(index: LexicalIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "KEPT", 2)
    monkeypatch.setattr(holding, "KEPT_HOLDERS", 4)

    for _ in range(2):
        assert [len(index.holders(word)) for word in ("v4032", "headphones", "black", "sony")] == [3, 2, 1, 1]


words = st.sampled_from(["red", "v4032", "鞋", "运动鞋", "men's", "iphone15", "30x40cm", "é"])
titles = st.lists(words, max_size=4).map(" ".join)
changes = st.lists(st.tuples(st.integers(1, 12), titles | st.none()), min_size=1, max_size=8)


@given(batches=st.lists(changes, max_size=6))
@settings(max_examples=60, deadline=None)
def test_holders_are_whose_findable_words_hold_it(batches: list[list[tuple[int, str | None]]]) -> None:
    index, expected = LexicalIndex(), dict[int, str]()
    for batch in batches:
        put = {number: title for number, title in batch if title is not None}
        index.put(put.items())
        index.remove(number for number, title in batch if title is None and number not in put)
        expected |= put
        for number, title in batch:
            if title is None and number not in put:
                expected.pop(number, None)
        for word in ("red", "v4032", "鞋", "运动", "动鞋", "mens", "iphone", "15", "iphone15", "cm"):
            holding_it = sorted(number for number, title in expected.items() if word in findable(title))
            assert index.holders(word).tolist() == holding_it
    index.close()
