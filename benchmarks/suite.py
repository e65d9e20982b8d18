"""The list of benches."""

from benchmarks import build, data, encode, exact, index, machine, serve, stream, text, train
from benchmarks.bench import Bench

BENCHES: tuple[Bench, ...] = (
    machine.BENCH,
    text.BENCH,
    data.BENCH,
    train.BENCH,
    encode.BENCH,
    exact.BENCH,
    index.BENCH,
    build.BENCH,
    stream.BENCH,
    serve.BENCH,
)
