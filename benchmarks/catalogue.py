"""`multigrain bench catalogue`: the server's columns: what they take, how fast they load, how fast they follow SQL, and
what a request asks of them.

At 10m the pages come from memory, since to fill a table with ten million rows would take longer than everything else;
what is committed for `commit to columns` is in SQL at every size.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from benchmarks.bench import Bench, Size, seconds_of
from benchmarks.stores import store_name, throwaway_database
from multigrain.catalog import rows
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.columns_writer import ColumnsWriter
from multigrain.catalog.item_page import PAGE, ItemPage, pages_since
from multigrain.catalog.memory import PrivateMemory
from multigrain.catalog.tables import catalogue_revision
from multigrain.database import writing
from multigrain.events import ItemUpserted
from multigrain.figures import Figure
from multigrain.settings import Settings
from multigrain.types import RETRIEVE_MAX, Int64s, Item, ItemId, ItemStatus
from multigrain.watch import Watch

ITEMS = {Size.SMALL: 100_000, Size.ONE_MILLION: 1_000_000, Size.TEN_MILLION: 10_000_000}
FROM_MEMORY = (Size.TEN_MILLION,)
BRANDS, PATHS, SHOPS = 10_000, 2_000, 20_000
AS_ITEMS = 20_000
"""Rows that are also read one object an item, for comparison."""
CHANGED = 1_000
REPEATS = 60
LOOKUPS = 2_000
COMMITS = 25
BYTES_TARGET, IDS_TARGET_MS, SEEN_TARGET_MS = 200.0, 1.0, 500.0
"""Bytes: ten million in 2 GB."""
WAIT_SECONDS = 60.0
PROCESSOR = "  in a second of this process's processor time"
"""Beside what a clock says: others at work on the machine do not change it."""
NOW_MS = 1_793_880_000_000


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    count = ITEMS[size]
    rng = np.random.default_rng(0)
    with throwaway_database(settings) as engine:
        figures: list[Figure] = []
        if size not in FROM_MEMORY:
            _fill(engine, count, say)
        before = _resident_bytes()
        writer = ColumnsWriter(PrivateMemory())
        if size in FROM_MEMORY:
            figures += _loaded_from_memory(writer, count, say)
        else:
            figures += _loaded_from_sql(writer, engine, say)
        taken = _resident_bytes() - before
        figures += [
            Figure(name=f"memory of the columns of {count:,} items", value=taken / 1e6, unit="MB"),
            Figure(name="bytes an item", value=taken / count, unit="bytes", target=BYTES_TARGET),
        ]
        say("asking")
        figures += [*_asked(writer, count, rng), *_refreshed(writer, count, rng)]
        _count_from(engine, count)
        return [*figures, *_seen(writer, engine, settings, rng, say)]


def _loaded_from_memory(writer: ColumnsWriter, count: int, say: Callable[[str], None]) -> Iterator[Figure]:
    seconds = processor = 0.0
    for page in _pages(count):
        started, worked = time.perf_counter(), time.thread_time()
        writer.put(page)
        seconds += time.perf_counter() - started
        processor += time.thread_time() - worked
        if page.revision % 500_000 == 0:
            say(f"{page.revision:,} of {count:,} items")
    yield Figure(name="loading, pages from memory, without SQL", value=count / seconds, unit="items/s", at_most=False)
    yield Figure(name=PROCESSOR, value=count / processor, unit="items/s", at_most=False)


def _loaded_from_sql(writer: ColumnsWriter, engine: sa.Engine, say: Callable[[str], None]) -> Iterator[Figure]:
    catalogue = SqlCatalogue(engine)
    say("loading")
    started, worked = time.perf_counter(), time.thread_time()
    for page in pages_since(catalogue, 0):
        writer.put(page)
    rate = writer.view.count / (time.perf_counter() - started)
    of_processor = writer.view.count / (time.thread_time() - worked)
    started = time.perf_counter()
    for revision in range(0, AS_ITEMS, PAGE):
        catalogue.changed_since(revision, PAGE)
    as_items = AS_ITEMS / (time.perf_counter() - started)
    yield Figure(
        name=f"loading from {store_name(engine)}",
        value=rate,
        unit="items/s",
        at_most=False,
        limit=as_items,
        limit_name="only read, as objects",
    )
    yield Figure(name=PROCESSOR, value=of_processor, unit="items/s", at_most=False)


def _asked(writer: ColumnsWriter, count: int, rng: np.random.Generator) -> Iterator[Figure]:
    view = writer.view
    wanted = iter([rng.integers(1, count + 1, RETRIEVE_MAX) for _ in range(REPEATS + 1)])
    seconds = seconds_of(lambda: view.item_ids_of(next(wanted)), repeats=REPEATS)
    yield Figure.of(f"ids of {RETRIEVE_MAX:,} numbers, p50", [1e3 * one for one in seconds], "ms", target=IDS_TARGET_MS)
    yield Figure(name=f"ids of {RETRIEVE_MAX:,} numbers, p99", value=_ms(seconds, 99), unit="ms")
    ids = view.item_ids_of(rng.integers(1, count + 1, RETRIEVE_MAX))
    yield Figure(
        name=f"numbers of {RETRIEVE_MAX:,} ids, p50",
        value=_ms(seconds_of(lambda: view.item_nos_of(ids), repeats=10), 50),
        unit="ms",
    )
    one, absent = iter(ids), iter([f"absent-{item_id}" for item_id in ids])
    known = seconds_of(lambda: view.item_no_of(next(one)), repeats=LOOKUPS)
    unknown = seconds_of(lambda: view.item_no_of(next(absent)), repeats=LOOKUPS)
    yield Figure(name="number of one id, p50", value=1e3 * _ms(known, 50), unit="us")
    yield Figure(name="number of an id that nobody has, p50", value=1e3 * _ms(unknown, 50), unit="us")


def _refreshed(writer: ColumnsWriter, count: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Pages of items that changed, wherever they are."""
    chosen = (np.sort(rng.choice(count, CHANGED, replace=False)) + 1 for _ in range(REPEATS + 1))
    pages = iter([_page(item_nos, revision=writer.revision) for item_nos in chosen])
    seconds = seconds_of(lambda: writer.put(next(pages)), repeats=REPEATS)
    for quantile in (50, 99):
        name = f"{CHANGED:,} changed items beside {count:,}, taken over, p{quantile}"
        yield Figure(name=name, value=_ms(seconds, quantile), unit="ms")


def _seen(
    writer: ColumnsWriter,
    engine: sa.Engine,
    settings: Settings,
    rng: np.random.Generator,
    say: Callable[[str], None],
) -> Iterator[Figure]:
    """From the return of the commit to the first look that shows it, at moments that the poll does not know."""
    catalogue, every = SqlCatalogue(engine), settings.server.registry_poll_ms / 1000

    def follow() -> None:
        for page in pages_since(catalogue, writer.revision):
            writer.put(page)

    watch = Watch([follow], every_seconds=every)
    watch.start()
    seconds = []
    for number in range(COMMITS):
        say(f"commit {number + 1} of {COMMITS}")
        time.sleep(float(rng.uniform(0, every)))
        seconds.append(_seconds_until_seen(writer, catalogue, price=float(number + 1)))
    watch.stop()
    watch.join(seconds=WAIT_SECONDS)
    name = f"commit in {store_name(engine)} to columns, a look every {1000 * every:.0f} ms"
    yield Figure(name=f"{name}, p50", value=_ms(seconds, 50), unit="ms")
    yield Figure(name=f"{name}, p99", value=_ms(seconds, 99), unit="ms", target=SEEN_TARGET_MS)


def _seconds_until_seen(writer: ColumnsWriter, catalogue: SqlCatalogue, *, price: float) -> float:
    item = Item(
        item_id=ItemId("seen"), title="", brand="", category_path=("",), shop="", price=price, stock=1,
        source_version=int(price),
    )  # fmt: skip
    catalogue.apply([ItemUpserted(event_id=f"seen-{price}", at_ms=NOW_MS, item=item)])
    committed = time.perf_counter()
    while time.perf_counter() - committed < WAIT_SECONDS:
        view = writer.view
        if view.price[view.item_no_of("seen") or 0] == price:
            return time.perf_counter() - committed
        time.sleep(0.001)
    raise RuntimeError(f"a commit was not seen within {WAIT_SECONDS:.0f} s")


def _pages(count: int) -> Iterator[ItemPage]:
    for first in range(1, count + 1, PAGE):
        item_nos = np.arange(first, min(first + PAGE, count + 1))
        yield _page(item_nos, revision=int(item_nos[-1]))


def _page(item_nos: Int64s, *, revision: int) -> ItemPage:
    numbers = item_nos.tolist()
    return ItemPage(
        item_nos=item_nos,
        item_ids=[f"sku-{number * 7919}" for number in numbers],
        titles=[f"running shoes men black {number}" for number in numbers],
        brands=[f"brand-{number % BRANDS}" for number in numbers],
        category_paths=[_PATHS[number % PATHS] for number in numbers],
        shops=[f"shop-{number % SHOPS}" for number in numbers],
        attributes=[_attributes(number) for number in numbers],
        price=(item_nos % 1000).astype(np.float32),
        stock=(item_nos % 50).astype(np.int32),
        status=np.full(len(item_nos), ItemStatus.ACTIVE, np.uint8),
        revision=revision,
    )


def _attributes(number: int) -> dict[str, str]:
    """Five, of which one is another one for nearly every item."""
    return {
        "colour": f"colour {number % 40}",
        "gender": ("men", "women", "kids")[number % 3],
        "material": f"material {number // 7 % 60}",
        "size": f"{number // 11 % 30}",
        "bar code": f"{number * 7919}",
    }


_PATHS = [(f"top-{number % 20}", f"middle-{number % 200}", f"leaf-{number}") for number in range(PATHS)]


def _fill(engine: sa.Engine, count: int, say: Callable[[str], None]) -> None:
    for page in _pages(count):
        say(f"writing items, {page.revision:,} of {count:,}")
        same = len(page)
        with writing(engine) as connection:
            rows.insert(
                connection,
                {
                    "item_no": page.item_nos.tolist(),
                    "item_id": page.item_ids,
                    "title": page.titles,
                    "brand": page.brands,
                    "category_path": [list(path) for path in page.category_paths],
                    "shop": page.shops,
                    "price": page.price.tolist(),
                    "stock": page.stock.tolist(),
                    "status": page.status.tolist(),
                    "attributes": [dict(one) for one in page.attributes],
                    "source_version": [1] * same,
                    "tower_hash": [b""] * same,
                    "revision": page.item_nos.tolist(),
                },
            )


def _count_from(engine: sa.Engine, count: int) -> None:
    """The catalogue goes on behind the items that were loaded."""
    with writing(engine) as connection:
        connection.execute(sa.update(catalogue_revision).values(revision=count, last_item_no=count))


def _ms(seconds: Sequence[float], quantile: int) -> float:
    return 1e3 * float(np.percentile(seconds, quantile))


def _resident_bytes() -> int:
    """Of this process. On Linux only, as the servers of the settings are."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


BENCH = Bench(
    name="catalogue",
    summary="the server's columns: memory, loading, following SQL, and what a request asks of them",
    sizes=tuple(ITEMS),
    run=_run,
)
