"""The list of benches."""

from benchmarks import data, encode, exact, index, machine, serve, stream, text, train
from benchmarks.bench import Bench

BENCHES: tuple[Bench, ...] = (
    machine.BENCH,
    text.BENCH,
    data.BENCH,
    train.BENCH,
    encode.BENCH,
    exact.BENCH,
    index.BENCH,
    stream.BENCH,
    serve.BENCH,
)
