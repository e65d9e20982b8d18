import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.channels.lexical_index import LexicalIndex
from server.channels.lexical_reader import LexicalReader
from server.lexical.folder import SnapshotWriter

# Answers each query on standard input with the item_nos that it finds, after a refresh.
OTHER_PROCESS = """
import sys
from pathlib import Path
from server.channels.lexical_reader import LexicalReader

reader = LexicalReader(Path(sys.argv[1]))
for query in sys.stdin:
    reader.refresh()
    print(*reader.search(query, 100).item_nos.tolist(), reader.count(), flush=True)
"""


@pytest.fixture
def index() -> Iterator[LexicalIndex]:
    made = LexicalIndex()
    made.put([(1, "Nike running shoes"), (2, "Adidas running shoes"), (3, "Red summer dress")])
    yield made
    made.close()


def test_another_process_follows_what_the_writer_writes(index: LexicalIndex, tmp_path: Path) -> None:
    writer = SnapshotWriter(tmp_path)
    program = [sys.executable, "-c", OTHER_PROCESS, str(tmp_path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None

        def ask(query: str) -> str:
            print(query, file=other.stdin, flush=True)
            return other.stdout.readline().strip()

        assert ask("running") == "0"
        writer.write(index.snapshot)
        assert ask("running") == "1 2 3"
        index.put([(4, "running socks"), (1, "sandals")])
        assert ask("running") == "1 2 3"
        writer.write(index.snapshot)
        assert ask("running") == "4 2 4"
        index.remove([2, 4])
        index.compact()
        writer.write(index.snapshot)
        assert ask("running") == "2"
        other.stdin.close()
        assert other.wait(10) == 0


def test_a_reader_finds_what_the_writer_finds_with_the_same_scores(index: LexicalIndex, tmp_path: Path) -> None:
    index.put((number, f"shoes {number} of {number % 40}") for number in range(10, 200))
    index.remove([11, 12])
    SnapshotWriter(tmp_path).write(index.snapshot)
    reader = LexicalReader(tmp_path)
    assert reader.refresh()
    for query in ("running shoes", "shoes 17", "of", "nothing"):
        ours, theirs = index.search(query, 50), reader.search(query, 50)
        assert ours.item_nos.tolist() == theirs.item_nos.tolist()
        assert ours.scores.tolist() == theirs.scores.tolist()


def test_a_refresh_without_a_later_snapshot_does_nothing(index: LexicalIndex, tmp_path: Path) -> None:
    writer, reader = SnapshotWriter(tmp_path), LexicalReader(tmp_path)
    assert not reader.refresh()
    writer.write(index.snapshot)
    assert reader.refresh()
    writer.write(index.snapshot)
    assert not reader.refresh()


def test_a_segment_that_did_not_change_is_not_written_again(index: LexicalIndex, tmp_path: Path) -> None:
    writer = SnapshotWriter(tmp_path)
    index.put((number, f"shoes {number}") for number in range(10, 5000))
    writer.write(index.snapshot)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    index.put([(9000, "boots")])
    writer.write(index.snapshot)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_files_that_no_reader_opens_any_more_go_and_a_late_reader_keeps_what_it_has(
    index: LexicalIndex, tmp_path: Path
) -> None:
    writer, late = SnapshotWriter(tmp_path), LexicalReader(tmp_path)
    writer.write(index.snapshot)
    late.refresh()
    for number in range(10, 20):
        index.put([(number, "boots")])
        index.compact()
        writer.write(index.snapshot)
    # Those of the last manifest, and those of the one before it, which a reader may be opening.
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2
    assert late.search("dress", 5).item_nos.tolist() == [3]
    assert late.refresh()
    assert late.count() == 13


def test_a_writer_that_starts_again_takes_over_the_folder(index: LexicalIndex, tmp_path: Path) -> None:
    SnapshotWriter(tmp_path).write(index.snapshot)
    reader = LexicalReader(tmp_path)
    reader.refresh()
    index.put([(5, "boots")])
    SnapshotWriter(tmp_path).write(index.snapshot)
    assert reader.refresh()
    assert reader.search("boots", 5).item_nos.tolist() == [5]


def test_an_index_without_titles_can_be_followed(tmp_path: Path) -> None:
    SnapshotWriter(tmp_path).write(LexicalIndex().snapshot)
    reader = LexicalReader(tmp_path)
    assert reader.refresh()
    assert (reader.count(), reader.search("shoes", 5).item_nos.tolist()) == (0, [])
