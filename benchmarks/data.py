"""`multigrain bench data`: how fast logs are made, and how fast they become examples; and in how much memory."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks import text
from benchmarks.bench import Bench, Size
from benchmarks.search_logs import BEHAVIORS_A_SEARCH, write_search_logs
from multigrain.figures import Figure
from multigrain.settings import Settings
from trainer.data.logs import SEARCHES

SEARCHES_MADE = {Size.SMALL: 50_000, Size.ONE_MILLION: 1_000_000}
EXAMPLES_TARGET_S = {Size.SMALL: 25, Size.ONE_MILLION: 240}
"""Of the small one most is start-up: it only has to fit into a small bench."""
EXAMPLES_TARGET_GB = 6

SHOP = {Size.SMALL: (20_000, 2_000, 7), Size.ONE_MILLION: (1_000_000, 100_000, 7)}
"""Items, users, days."""
SYNTH_TARGET_S = 300
SYNTH_TARGET_GB = 4

_COMMAND = (sys.executable, "-m", "commands.main")
"""The commands stand above the benches, so they are run and not imported; a child's memory is its own, too."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a child process took."""

    seconds: float
    cpu_seconds: float
    """Of all its threads, in user mode: what other work on the machine does not lengthen."""
    peak_gb: float


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    with tempfile.TemporaryDirectory(prefix="multigrain-bench-") as name:
        place = Path(name)
        return (*_synth(place, size, say), *_examples(place, size, say), *text.BENCH.run(settings, size, say))


def _synth(place: Path, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    items, users, days = SHOP[size]
    say(f"synth: {items:,} items, {users:,} users, {days} days")
    shop = ("--items", str(items), "--users", str(users), "--days", str(days), "--seed", "7")
    cost = _cost_of("synth", *shop, "--out", str(place / "shop"))
    exposures = _exposures(place / "shop" / SEARCHES)
    title = f"synth, {items:,} items"
    if size is Size.SMALL:
        return (Figure(name=title, value=exposures / cost.seconds, unit="exposures/s"),)
    return (
        *_figures(title, cost, seconds=SYNTH_TARGET_S, gigabytes=SYNTH_TARGET_GB),
        Figure(name=f"{title}, exposures", value=exposures, unit="", target=10_000_000, at_most=False),
    )


def _examples(place: Path, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    searches = SEARCHES_MADE[size]
    say(f"writing {searches:,} searches with {BEHAVIORS_A_SEARCH} behaviours before each")
    write_search_logs(place / "searches", searches=searches)
    say(f"examples: {searches:,} searches")
    logs = ("--logs", str(place / "searches"), "--train-config", "mgdspr")
    cost = _cost_of("examples", *logs, "--out", str(place / "examples"))
    title = f"examples, {searches:,} searches"
    return _figures(title, cost, seconds=EXAMPLES_TARGET_S[size], gigabytes=EXAMPLES_TARGET_GB)


def _figures(title: str, cost: Cost, *, seconds: float, gigabytes: float) -> Sequence[Figure]:
    return (
        Figure(name=title, value=cost.seconds, unit="s", target=seconds),
        Figure(name=f"{title}, user CPU", value=cost.cpu_seconds, unit="s"),
        Figure(name=f"{title}, peak memory", value=cost.peak_gb, unit="GB", target=gigabytes),
    )


def _cost_of(*arguments: str) -> Cost:
    """Runs `multigrain ...` to its end. Raises CalledProcessError with what it said where it fails."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen((*_COMMAND, *arguments), stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            raise subprocess.CalledProcessError(child.returncode, arguments, said.read().decode(errors="replace"))
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(time.perf_counter() - started, usage.ru_utime, usage.ru_maxrss * unit / 1e9)


def _exposures(searches: Path) -> int:
    """How many items were shown, read a row group at a time."""
    files = sorted(searches.rglob("*.parquet")) if searches.is_dir() else [searches]
    batches = (batch for file in files for batch in pq.ParquetFile(file).iter_batches(columns=["exposed_item_ids"]))
    return sum(len(batch.column(0).flatten()) for batch in batches)


BENCH = Bench(
    name="data",
    summary="logs made, logs to examples, text to grains: seconds and peak memory",
    sizes=(Size.SMALL, Size.ONE_MILLION),
    run=_run,
)
