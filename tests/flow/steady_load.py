"""Callers that ask at a fixed rate, however long the answers take, from a process of their own.

A time counts from the moment at which the call was due: a server that stands still for a second is seen by every call
that it kept waiting, also by those that could not be sent.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from multigrain.client import Client
from multigrain.errors import MultigrainError

CALLERS = 48
"""Calls under way at once."""
LIMIT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One call, and what became of it."""

    query: str
    due: float
    """By the machine's monotonic clock, which all its processes share."""
    seconds: float
    generation: str = ""
    item_ids: Sequence[str] = ()
    """Of the vector channel, best first; empty when it did not answer."""
    scores: Sequence[float] = ()
    rows: int = 0
    degraded: Sequence[str] = ()
    error: str = ""
    """Empty: it was answered."""


@dataclass
class SteadyLoad:
    """A running load. What was asked is there after the block."""

    process: "subprocess.Popen[bytes]"
    file: Path
    asked: list[Asked] = field(default_factory=list)

    def between(self, start: float, end: float) -> list[Asked]:
        """Those that were due then."""
        return [one for one in self.asked if start <= one.due < end]

    @property
    def per_second(self) -> float:
        """The rate at which calls were sent, from the first to the last."""
        return (len(self.asked) - 1) / (self.asked[-1].due - self.asked[0].due)


@contextmanager
def steady_load(
    address: str, queries: Sequence[str], folder: Path, *, per_second: float, channels: Mapping[str, int] | None = None
) -> Iterator[SteadyLoad]:
    """Asks until the block ends; by default the vector channel alone, so that an answer is one index's."""
    file = folder / "asked.jsonl"
    wanted = {"address": address, "queries": queries, "per_second": per_second, "file": str(file)}
    arguments = [sys.executable, "-m", __name__, json.dumps({**wanted, "channels": channels or {"vector": 0}})]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    load = SteadyLoad(process, file)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"asking\n"
        yield load
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()
    assert process.returncode == 0
    load.asked = sorted((Asked(**json.loads(line)) for line in file.read_text().splitlines()), key=lambda one: one.due)


def p99_ms(asked: Sequence[Asked]) -> float:
    """The time that 99 of 100 of these calls kept within."""
    return float(np.percentile([one.seconds for one in asked], 99)) * 1000


def _ask(client: Client, query: str, due: float, channels: Mapping[str, int]) -> Asked:
    try:
        answer = client.retrieve(query, limit=LIMIT, mode="off", channels=channels, debug=True)
    except MultigrainError as error:
        return Asked(query=query, due=due, seconds=time.monotonic() - due, error=f"{type(error).__name__}: {error}")
    seconds = time.monotonic() - due
    vector = next(report for report in answer.reports if report.channel == "vector")
    return Asked(
        query=query,
        due=due,
        seconds=seconds,
        generation=answer.generation_id,
        item_ids=vector.item_ids,
        scores=[float(score) for score in vector.scores],
        rows=len(answer),
        degraded=answer.degraded,
    )


def _run(address: str, queries: Sequence[str], per_second: float, file: str, channels: Mapping[str, int]) -> None:
    stopped = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stopped.set()), daemon=True).start()
    with Client(address, timeout_seconds=5) as client, ThreadPoolExecutor(CALLERS) as callers:
        for query in queries:  # the first calls of a process build its channel
            client.retrieve(query, limit=LIMIT)
        print("asking", flush=True)
        began, running = time.monotonic(), []
        while not stopped.is_set():
            due = began + len(running) / per_second
            time.sleep(max(0.0, due - time.monotonic()))
            running.append(callers.submit(_ask, client, queries[len(running) % len(queries)], due, channels))
        with Path(file).open("w") as lines:
            for one in running:
                lines.write(json.dumps(asdict(one.result())) + "\n")


if __name__ == "__main__":
    _run(**json.loads(sys.argv[1]))
