"""What columns ask of a memory, in each kind of it; and what processes that share one see of each other."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.column_store import ColumnStore
from multigrain.catalog.columns_reader import ColumnsReader
from multigrain.catalog.columns_writer import ColumnsWriter
from multigrain.catalog.memory import Memory, PrivateMemory, SharedMemory, Space
from multigrain.catalog.text_log import TextLog
from multigrain.errors import InvalidConfig
from multigrain.settings import ServerSettings
from multigrain.watch import Watch
from server.catalogue.live import LiveCatalogue
from server.channels.lexical_index import LexicalIndex
from tests.builders import an_item, an_upsert
from tests.contract import a_columns_reader
from tests.pages import numbered_page

MEMORIES: dict[str, Callable[[], Memory]] = {"private": PrivateMemory, "shared": SharedMemory.create}


@pytest.fixture(params=MEMORIES)
def memory(request: pytest.FixtureRequest) -> Iterator[Memory]:
    made = MEMORIES[request.param]()
    yield made
    if isinstance(made, SharedMemory):
        made.close()


@pytest.fixture
def shared() -> Iterator[SharedMemory]:
    made = SharedMemory.create()
    yield made
    made.close()


def test_it_is_zero_at_first_and_costs_what_is_written(memory: Memory) -> None:
    before = resident_bytes()
    numbers = Space(memory).int64s(2**30)

    assert (numbers[0], numbers[2**30 - 1]) == (0, 0)
    numbers[2**29 : 2**29 + 1000] = 7
    assert numbers[2**29 - 1 : 2**29 + 2].tolist() == [0, 7, 7]
    assert resident_bytes() - before < 4 * 1024**2


def test_arrays_are_found_again_and_do_not_overlap(memory: Memory) -> None:
    first, again = Space(memory), Space(memory)
    for fill, space in ((1, first), (None, again)):
        arrays = space.uint8s(5), space.int64s(3), space.int32s(7), space.float32s(2)
        for number, array in enumerate(arrays):
            if fill is not None:
                array[:] = number + fill
            assert set(array.tolist()) == {number + 1}


def test_an_array_outlives_whoever_made_the_memory() -> None:
    memory = SharedMemory.create()
    numbers = Space(memory).int64s(10)
    memory.close()
    del memory

    numbers[3] = 5
    assert numbers.tolist() == [0, 0, 0, 5, 0, 0, 0, 0, 0, 0]


def test_a_reader_cannot_write(shared: SharedMemory) -> None:
    read = SharedMemory.to_read(os.dup(shared.fd))
    numbers = Space(read).int64s(1)
    Space(shared).int64s(1)[0] = 9

    assert numbers[0] == 9
    with pytest.raises(ValueError, match="read-only"):
        numbers[0] = 1
    read.close()


def test_a_descriptor_of_something_else_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+") as file, pytest.raises(InvalidConfig, match="is not that of columns"):
        SharedMemory.to_read(file.fileno())


def test_columns_of_another_version_are_refused(shared: SharedMemory) -> None:
    Space(shared).int64s(1)[0] = 999

    with pytest.raises(InvalidConfig, match="start all processes of one version"):
        ColumnsReader(shared)


def test_a_reader_that_comes_before_the_first_load_is_over_sees_nothing(shared: SharedMemory) -> None:
    reader = ColumnsReader(shared)
    assert reader.latest is None
    writer = ColumnsWriter(shared)
    writer.put(numbered_page(1, 4))
    assert reader.latest is None

    writer.mark_loaded()

    assert reader.latest is not None
    assert (reader.latest.revision, reader.latest.count, reader.latest.item_no_of("sku-3")) == (3, 3, 3)


def test_a_writer_takes_over_where_another_one_died(shared: SharedMemory) -> None:
    """The first one dies in the middle of a page: rows are there, the count and the revision are not."""
    reader, first = ColumnsReader(shared), ColumnsWriter(shared)
    first.put(numbered_page(1, 4))
    first.mark_loaded()
    head = ColumnStore(shared).head
    kept = [int(number[0]) for number in (head.count, head.size, head.revision)]
    first.put(numbered_page(4, 9, brand="nike"))
    head.count[0], head.size[0], head.revision[0] = kept
    assert reader.latest is not None
    assert reader.latest.item_no_of("sku-5") is None

    second = ColumnsWriter(shared)
    assert second.revision == 3
    second.put(numbered_page(4, 9, brand="puma"))

    assert (reader.latest.revision, reader.latest.count, reader.latest.size) == (8, 8, 9)
    assert reader.latest.item_nos_of([f"sku-{n}" for n in range(1, 10)]).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 0]
    assert [reader.latest.brand_of(number) for number in (3, 8)] == ["adidas", "puma"]


def test_a_text_that_was_never_counted_is_written_over(memory: Memory) -> None:
    first = TextLog(Space(memory))
    first.append(["a", "lost with its writer"])
    Space(memory).int64s(1)[0] = 1  # as if it had died before it counted the second

    second = TextLog(Space(memory))
    assert list(second.read(second.count)) == ["a"]
    second.append(["b", "é"])

    third = TextLog(Space(memory))
    assert list(third.read(third.count)) == ["a", "b", "é"]


def test_a_page_that_comes_twice_changes_nothing(memory: Memory) -> None:
    writer = ColumnsWriter(memory)
    writer.put(numbered_page(1, 4))
    writer.put(numbered_page(4, 6))
    writer.put(numbered_page(1, 4))

    assert (writer.view.revision, writer.view.count, writer.view.size) == (5, 5, 6)
    assert writer.view.item_ids_of(np.arange(6)) == ["", "sku-1", "sku-2", "sku-3", "sku-4", "sku-5"]


def test_another_process_sees_a_change_within_500_ms_of_its_commit(shared: SharedMemory, tmp_path: Path) -> None:
    engine = database.open_database(f"sqlite:///{tmp_path / 'store.db'}")
    database.upgrade(engine)
    catalogue = SqlCatalogue(engine)
    catalogue.apply([an_upsert(an_item(1, price=1.0))])
    titles = LexicalIndex()
    live = LiveCatalogue(catalogue, titles, ColumnsWriter(shared))
    watch = Watch([live.refresh], every_seconds=_poll_ms() / 1000)
    with _a_reader(shared.fd) as reader:
        assert _said(reader)[0] == "None"
        watch.start()
        assert _said(reader)[0] == "1.0"
        late = [_seconds_until_seen(catalogue, reader, price=price, version=price) for price in (2, 3, 4)]
        reader.kill()
    watch.stop()
    watch.join(seconds=10)
    titles.close()
    engine.dispose()

    assert median(late) < 0.5


def _poll_ms() -> int:
    return int(ServerSettings.model_fields["registry_poll_ms"].default)


def _a_reader(fd: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", a_columns_reader.__name__, str(fd)]
    return subprocess.Popen(command, pass_fds=[fd], stdout=subprocess.PIPE, text=True)


def _said(reader: "subprocess.Popen[str]") -> list[str]:
    assert reader.stdout is not None
    return reader.stdout.readline().split()


def _seconds_until_seen(catalogue: SqlCatalogue, reader: "subprocess.Popen[str]", *, price: int, version: int) -> float:
    catalogue.apply([an_upsert(an_item(1, price=float(price), source_version=version))])
    committed = time.time()
    said, at = _said(reader)
    assert float(said) == price
    return float(at) - committed


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
