"""The list of benches."""

from benchmarks import data, exact, index, machine, serve, stream, text
from benchmarks.bench import Bench

BENCHES: tuple[Bench, ...] = (
    machine.BENCH,
    text.BENCH,
    data.BENCH,
    exact.BENCH,
    index.BENCH,
    stream.BENCH,
    serve.BENCH,
)
