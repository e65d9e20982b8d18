import threading
import time

import pytest

from server.channels import lexical_index
from server.channels.lexical_index import LexicalIndex

EVERY = 10_000
"""More than there are titles here."""


def found(index: LexicalIndex, query: str) -> list[int]:
    return sorted(index.search(query, EVERY).item_nos.tolist())


def shoes(first: int, last: int) -> list[tuple[int, str]]:
    return [(number, f"shoes number{number}") for number in range(first, last + 1)]


def test_a_title_that_did_not_change_changes_nothing() -> None:
    index = LexicalIndex()
    index.put(shoes(1, 50))
    before = index.snapshot
    index.put(shoes(1, 50))
    assert index.snapshot is before
    index.put([*shoes(1, 49), (50, "boots")])
    assert sum(shelf.segment.count for shelf in index.snapshot.shelves) <= 51
    assert found(index, "boots") == [50]


def test_a_title_that_was_removed_can_come_back_as_it_was() -> None:
    index = LexicalIndex()
    index.put(shoes(1, 3))
    index.remove([2])
    assert found(index, "shoes") == [1, 3]
    index.put(shoes(2, 2))
    assert found(index, "shoes") == [1, 2, 3]


def test_the_last_title_of_an_item_in_one_put_stands() -> None:
    index = LexicalIndex()
    index.put([(1, "boots"), (1, "sandals")])
    assert (found(index, "boots"), found(index, "sandals"), index.count()) == ([], [1], 1)


def test_a_search_that_has_begun_sees_one_state() -> None:
    index = LexicalIndex()
    index.put(shoes(1, 5))
    before = index.snapshot
    index.remove([1, 2])
    index.put([(3, "boots")])
    assert before.count == 5
    assert index.count() == 3


@pytest.mark.parametrize("text", ["", "   ", "\n", "🥿🥿", "耐克运动鞋", "a" * 5000, "\ud800 lone"])
def test_any_text_can_be_a_title_and_a_query(text: str) -> None:
    index = LexicalIndex()
    index.put([(7, text), (8, "plain")])
    assert set(found(index, text)) <= {7}
    assert index.count() == 2


def test_an_empty_index_finds_nothing() -> None:
    index = LexicalIndex()
    index.put([])
    index.remove([1, -1])
    index.compact()
    assert (found(index, "shoes"), index.count()) == ([], 0)
    index.put(shoes(1, 2))
    index.remove([1, 2])
    assert (found(index, "shoes"), index.count(), index.snapshot.shelves) == ([], 0, ())


def test_titles_written_while_segments_merge_beside_them_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical_index, "MERGED_AT_ONCE", 0)
    index = LexicalIndex()
    for first in range(1, 4000, 100):
        index.put(shoes(first, first + 99))
        index.remove([first + 1])
        index.put([(first + 2, "boots")])
    index.close()
    assert found(index, "boots") == [first + 2 for first in range(1, 4000, 100)]
    assert found(index, "shoes") == [number for number in range(1, 4001) if number % 100 not in (2, 3)]
    assert index.count() == 4000 - 40


def test_many_puts_leave_few_segments() -> None:
    index = LexicalIndex()
    for first in range(1, 9000, 300):
        index.put(shoes(first, first + 299))
    index.close()
    # 9,000 titles: at most one segment of 2,048 and less, and each further one of twice the size.
    assert len(index.snapshot.shelves) <= 4


def test_what_is_searched_most_is_not_kept_dead_for_long() -> None:
    index = LexicalIndex()
    index.put(shoes(1, 1000))
    index.remove(range(1, 400))
    assert sum(shelf.segment.count for shelf in index.snapshot.shelves) == 601


def test_a_merge_that_fails_loses_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def no_memory(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(lexical_index, "MERGED_AT_ONCE", 0)
    index = LexicalIndex()
    index.put(shoes(1, 5))
    with monkeypatch.context() as patched:
        patched.setattr(lexical_index, "merged", no_memory)
        index.put(shoes(6, 10))
        index.close()
    assert "titles not merged" in caplog.text
    assert found(index, "shoes") == list(range(1, 11))
    index.put(shoes(11, 12))
    index.close()
    assert (found(index, "shoes"), len(index.snapshot.shelves)) == (list(range(1, 13)), 1)


def test_searches_go_on_while_another_thread_writes() -> None:
    index = LexicalIndex()
    index.put(shoes(1, 1000))
    written = threading.Event()

    def write() -> None:
        for first in range(1001, 4000, 500):
            index.put(shoes(first, first + 499))
        written.set()

    writer, longest, counts = threading.Thread(target=write), 0.0, []
    writer.start()
    while not written.is_set():
        started = time.monotonic()
        counts.append(len(index.search("shoes", EVERY).item_nos))
        longest = max(longest, time.monotonic() - started)
    writer.join()
    # A put is there whole or not at all, and never gone again.
    assert {count % 500 for count in counts} == {0}
    assert counts == sorted(counts)
    assert longest < 2
    assert len(found(index, "shoes")) == 4000
