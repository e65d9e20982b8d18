"""`multigrain bench encode` and `encode-mmse`: from a query's text, and from an item, to a vector, at the dims and
lengths of MGDSPR and of MMSE.

One query at a time, as a server meets them: by the tower alone, then with all that comes before it, from the text on.
Each is measured with the whole history and with the user's state kept from an earlier query. All are taken in turns, so
that a slow moment of the machine meets them all. The bundle is not trained: speed does not depend on the weights.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.bench import Bench, Size, seconds_of
from benchmarks.encode_requests import request_figures
from benchmarks.other_runtimes import RUNTIMES, Runtime, Tower
from benchmarks.paper_bundle import PaperBundle, make_paper_bundle
from multigrain.encoder import NO_HISTORY, BundleEncoder, load_compiled_encoder
from multigrain.features.windows import Windows
from multigrain.figures import Figure
from multigrain.golden import TOLERANCE, furthest
from multigrain.saved_towers import VECTOR, Arrays
from multigrain.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """Whose towers, and what is asked of them."""

    name: str
    """Of its configuration."""
    tower_ms: float
    kept_state_ms: float
    items_per_second: float


MGDSPR = Paper(name="mgdspr", tower_ms=2.5, kept_state_ms=1.0, items_per_second=15_000)
MMSE = Paper(name="mmse", tower_ms=4.0, kept_state_ms=4.0, items_per_second=3_000)

ITEM_ROWS = {Size.SMALL: 10_000, Size.ONE_MILLION: 1_000_000}
CALLS = {Size.SMALL: 300, Size.ONE_MILLION: 1_000}
CALLS_A_TURN, WARMUPS = 30, 5
"""The first calls of a turn find the weights gone from the caches."""
BATCHES = (8, 32)
BATCH_CALLS = 15
ITEM_ROUNDS = 5


def _run(settings: Settings, size: Size, say: Callable[[str], None], *, paper: Paper) -> Sequence[Figure]:
    with tempfile.TemporaryDirectory(prefix="multigrain-bench-") as name:
        say("exporting a bundle")
        made = make_paper_bundle(Path(name) / "bundle", item_rows=ITEM_ROWS[size], paper=paper.name)
        say("loading and compiling it")
        started = time.perf_counter()
        encoder = load_compiled_encoder(made.bundle)
        loaded = Figure(name="load a bundle and compile single queries", value=time.perf_counter() - started, unit="s")
        say("single queries")
        singles = _singles(made, encoder, CALLS[size], paper)
        say("requests")
        requests = request_figures(made, encoder)
        say("batches and items")
        return (
            *singles,
            *requests,
            *_batches(made, encoder),
            _items(made, encoder, paper),
            loaded,
            *_others(made, encoder, say),
        )


def _singles(made: PaperBundle, encoder: BundleEncoder, calls: int, paper: Paper) -> Sequence[Figure]:
    texts, histories = zip(*made.queries, strict=True)
    states = [encoder.encode_users([history]) for history in histories]
    whole = [encoder.inputs([query]) for query in made.queries]
    halves = [
        {**encoder.inputs([(text, NO_HISTORY)]), **state.arrays} for text, state in zip(texts, states, strict=True)
    ]
    ways: Mapping[str, tuple[Callable[[int], object], float | None]] = {
        "query tower, one query": (lambda row: encoder.query_tower.whole(whole[row]), paper.tower_ms),
        "query tower, user's state kept": (lambda row: encoder.query_tower.query(halves[row]), paper.kept_state_ms),
        "inputs of one query, full history": (lambda row: encoder.inputs([made.queries[row]]), None),
        "text to vector, one query": (lambda row: encoder.encode_queries([made.queries[row]]), None),
        "text to vector, user's state kept": (
            lambda row: encoder.encode_with_states([texts[row]], states[row]),
            None,
        ),
    }
    taken = _in_turns({name: work for name, (work, _) in ways.items()}, len(made.queries), calls)
    return [figure for name, (_, target) in ways.items() for figure in _p50_and_p99(name, taken[name], target)]


def _in_turns(ways: Mapping[str, Callable[[int], object]], rows: int, calls: int) -> Mapping[str, Sequence[float]]:
    """Milliseconds of at least `calls` calls of each over the rows in turn, a few of one and then of the next."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(0, calls, CALLS_A_TURN):
        for name, work in ways.items():
            for call in range(WARMUPS + CALLS_A_TURN):
                started = time.perf_counter()
                work(call % rows)
                if call >= WARMUPS:
                    taken[name].append((time.perf_counter() - started) * 1e3)
    return taken


def _p50_and_p99(name: str, samples: Sequence[float], target: float | None = None) -> Sequence[Figure]:
    return (
        Figure.of(f"{name}, p50", samples, "ms", target=target),
        Figure(name=f"{name}, p99", value=float(np.percentile(samples, 99)), unit="ms"),
    )


def _batches(made: PaperBundle, encoder: BundleEncoder) -> Sequence[Figure]:
    return [_batch([made.queries[row % len(made.queries)] for row in range(size)], encoder) for size in BATCHES]


def _batch(queries: Sequence[tuple[str, Windows]], encoder: BundleEncoder) -> Figure:
    seconds = seconds_of(lambda: encoder.encode_queries(queries), repeats=BATCH_CALLS)
    return Figure.of(f"text to vector, {len(queries)} queries in one call", [s * 1e3 for s in seconds], "ms")


def _items(made: PaperBundle, encoder: BundleEncoder, paper: Paper) -> Figure:
    seconds = seconds_of(lambda: encoder.encode_items(made.items), repeats=ITEM_ROUNDS)
    rates = [len(made.items) / s for s in seconds]
    return Figure.of("items, from the title on", rates, "items/s", target=paper.items_per_second, at_most=False)


def _others(made: PaperBundle, encoder: BundleEncoder, say: Callable[[str], None]) -> Sequence[Figure]:
    """The same tower in the runtimes that are installed, and what to install for the others."""
    figures: list[Figure] = []
    for runtime in RUNTIMES:
        if runtime.installed == len(runtime.modules):
            say(runtime.name)
            figures += _other(made, encoder, runtime)
        else:
            figures.append(
                Figure(
                    name=f"{runtime.name} not measured: pip install {runtime.packages}",
                    value=runtime.installed,
                    unit=f"of {len(runtime.modules)} installed",
                )
            )
    return figures


def _other(made: PaperBundle, encoder: BundleEncoder, runtime: Runtime) -> Sequence[Figure]:
    golden = made.bundle.golden()
    tower = runtime.load(made, encoder.inputs(golden.queries[:1]))
    vectors = np.concatenate([tower(encoder.inputs([query])) for query in golden.queries])
    _, apart = furthest(golden.query_vectors, vectors)
    whole = [encoder.inputs([query]) for query in made.queries]
    xla, other = "query tower, XLA beside it", f"query tower, {runtime.name}"
    ways = {other: _over(tower, whole), xla: _over(lambda inputs: encoder.query_tower.whole(inputs)[VECTOR], whole)}
    taken = _in_turns(ways, len(whole), CALLS[Size.SMALL])
    limit = float(np.median(taken[xla]))
    return (
        Figure.of(f"{other}, p50", taken[other], "ms", limit=limit, limit_name="XLA"),
        Figure(name=f"{other}, p99", value=float(np.percentile(taken[other], 99)), unit="ms"),
        Figure(name=f"{other}, furthest from golden", value=apart, unit="", target=TOLERANCE),
    )


def _over(tower: Tower, inputs: Sequence[Arrays]) -> Callable[[int], object]:
    return lambda row: tower(inputs[row])


BENCH = Bench(
    name="encode",
    summary="text and history to vectors at the paper's size: milliseconds a query, items a second",
    sizes=tuple(ITEM_ROWS),
    run=partial(_run, paper=MGDSPR),
)
MMSE_BENCH = Bench(
    name="encode-mmse",
    summary="the same of MMSE: a 4-layer Transformer over 30 tokens of a query, and over a title",
    sizes=tuple(ITEM_ROWS),
    run=partial(_run, paper=MMSE),
)
