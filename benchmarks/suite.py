"""The list of benches."""

from benchmarks import (
    build,
    crash,
    data,
    encode,
    exact,
    features,
    index,
    machine,
    serve,
    stream,
    stream_items,
    text,
    train,
    visible,
)
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
    stream_items.BENCH,
    features.BENCH,
    crash.BENCH,
    serve.BENCH,
    visible.BENCH,
)
