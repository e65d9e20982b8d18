"""`multigrain bench lexical`: loading titles, searching them by words of any frequency, and how soon a change is found.

"running shoes" stands in every title: the query that an index without an upper bound ranks all titles for.
"""

import gc
import itertools
import multiprocessing
import os
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks import fts5_titles
from benchmarks.bench import Bench, Size, seconds_of
from multigrain.figures import Figure
from multigrain.settings import Settings
from server.channels.lexical_index import LexicalIndex

COUNTS = {Size.SMALL: 50_000, Size.ONE_MILLION: 1_000_000}
COLOURS = ("black", "white", "red", "blue", "green", "grey", "pink", "brown", "navy", "beige")
MATERIALS = ("leather", "mesh", "knit", "canvas", "suede", "nylon", "cotton", "wool")
FURTHER = ("light", "men", "summer", "outdoor")
LEAVES = 1000
MODELS = 40

QUERIES = {
    "a rare word": "m777",
    "an unknown word": "nosuchword",
    "a word of every title": "running",
    "two words of every title and a rare one": "running shoes leaf3",
    "five words of many titles": "black leather shoes light men",
    "48 words": "running shoes black leather light men summer outdoor "
    + " ".join(f"series{leaf:03}" for leaf in range(40)),
}
TARGETS_MS = {1_000: 5, 9_600: 10}
"""By k."""

REPEATS = 40
AT_ONCE = 5_000
"""Titles a put, as the server takes them over."""

MEGABYTE = 1e6
MEMORY_TARGET = 500
VISIBLE_TARGET_MS = 500


def title(number: int) -> str:
    """About eight words."""
    words = [
        f"brand{number * 7919 % 9973 % (1 + number % 2000)}",
        "running shoes",
        f"leaf{number % LEAVES}",
        COLOURS[number % 10],
        MATERIALS[number // 7 % 8],
        f"m{number}",
        *FURTHER[: number // 11 % 5],
    ]
    if number % 50 == 0:
        words.append(f"series{number // 50 % MODELS:03}")
    return " ".join(words)


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    count = COUNTS[size]
    gc.collect()
    before = _resident_mb()
    index = LexicalIndex()
    say(f"loading {count:,} titles")
    seconds = _load(index.put, count)
    figures = [Figure(name=f"load {count:,} titles", value=count / seconds, unit="titles/s")]
    index.close()
    gc.collect()
    memory = _resident_mb() - before
    figures.append(Figure(name="their memory", value=memory, unit="MB", target=MEMORY_TARGET))
    figures.append(Figure(name="their segments", value=len(index.snapshot.shelves), unit=""))
    for what, query in QUERIES.items():
        for k, target in TARGETS_MS.items():
            say(f"{what}, k = {k:,}")
            figures += _search(f"{what}, k = {k:,}", index, query, k, target)
    say("changes, unchanged titles, and searches beside writers")
    figures += [_visible(index, count), _unchanged(index), _two_threads(index), *_beside_a_writer(index, count)]
    index.close()
    if size is Size.SMALL:
        say("the same in SQLite FTS5")
        figures += _fts5(count)
    return figures


def _load(put: Callable[[Iterator[tuple[int, str]]], None], count: int, start: int = 1) -> float:
    """Seconds; the time that it takes to invent the titles is not counted."""
    spent = 0.0
    numbers = iter(range(start, start + count))
    while rows := [(number, title(number)) for number in itertools.islice(numbers, AT_ONCE)]:
        started = time.perf_counter()
        put(iter(rows))
        spent += time.perf_counter() - started
    return spent


def _search(name: str, index: LexicalIndex, query: str, k: int, target: float) -> Sequence[Figure]:
    started = time.process_time()
    samples = [seconds * 1e3 for seconds in seconds_of(lambda: index.search(query, k), repeats=REPEATS)]
    of_processor = (time.process_time() - started) * 1e3 / (REPEATS + 1)
    return (
        Figure.of(name, samples, "ms", target=target),
        Figure(name="  its p99", value=statistics.quantiles(samples, n=100)[98], unit="ms"),
        Figure(name="  its processor time", value=of_processor, unit="ms"),
    )


def _visible(index: LexicalIndex, count: int) -> Figure:
    """From the call of put until a search finds the title by a word that it did not have."""
    samples = []
    for number in range(1, 11):
        started = time.perf_counter()
        index.put([(count // 2 + number, f"{title(number)} changed{number}")])
        while not len(index.search(f"changed{number}", 1).item_nos):
            pass
        samples.append((time.perf_counter() - started) * 1e3)
    return Figure.of("a changed title is found after", samples, "ms", target=VISIBLE_TARGET_MS)


def _unchanged(index: LexicalIndex) -> Figure:
    rows = [(number, title(number)) for number in range(1, AT_ONCE + 1)]
    samples = [AT_ONCE / seconds for seconds in seconds_of(lambda: index.put(rows), repeats=5)]
    return Figure.of("puts of titles that did not change", samples, "titles/s")


def _two_threads(index: LexicalIndex) -> Figure:
    """Searches a second of two threads, beside those of one."""

    def search() -> None:
        for _ in range(REPEATS):
            index.search(QUERIES["two words of every title and a rare one"], 1_000)

    def both() -> None:
        threads = [threading.Thread(target=search) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    alone = REPEATS / min(seconds_of(search, repeats=3))
    together = [2 * REPEATS / seconds for seconds in seconds_of(both, repeats=3)]
    return Figure.of("searches of two threads, k = 1,000", together, "1/s", limit=alone, limit_name="one thread")


def _beside_a_writer(index: LexicalIndex, count: int) -> Sequence[Figure]:
    """Searches while a thread puts further titles without a pause: its Python and theirs share one GIL."""
    writer = threading.Thread(target=_load, args=(index.put, 4 * AT_ONCE, count + 1))
    writer.start()
    samples = []
    while writer.is_alive():
        started = time.perf_counter()
        index.search(QUERIES["two words of every title and a rare one"], 1_000)
        samples.append((time.perf_counter() - started) * 1e3)
        time.sleep(0.01)
    writer.join()
    return (
        Figure.of("a search beside a writer, k = 1,000", samples, "ms"),
        Figure(name="  its p99", value=statistics.quantiles(samples, n=100)[98], unit="ms"),
    )


def _fts5(count: int) -> Sequence[Figure]:
    # In a process of its own: TensorFlow brings an SQLite without FTS5, and the first one loaded serves all.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        seconds, searches = other.submit(fts5_titles.measure, title, count, list(QUERIES.values()), 1_000).result()
    loading = Figure(name=f"FTS5: load {count:,} titles", value=count / seconds, unit="titles/s")
    figures = [Figure.of(f"FTS5: {what}, k = 1,000", ms, "ms") for what, ms in zip(QUERIES, searches, strict=True)]
    return (loading, *figures)


def _resident_mb() -> float:
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
    # macOS counts bytes, and only the most there ever was.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MEGABYTE


BENCH = Bench(
    name="lexical",
    summary="titles by their words: load, search, freshness, against SQLite FTS5",
    sizes=(Size.SMALL, Size.ONE_MILLION),
    run=_run,
)
