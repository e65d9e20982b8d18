"""The list of benches."""

from benchmarks import (
    build,
    catalogue,
    crash,
    data,
    encode,
    exact,
    features,
    index,
    lexical,
    machine,
    serve,
    soak,
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
    lexical.BENCH,
    build.BENCH,
    stream.BENCH,
    stream_items.BENCH,
    features.BENCH,
    catalogue.BENCH,
    crash.BENCH,
    serve.BENCH,
    soak.BENCH,
    visible.BENCH,
)
