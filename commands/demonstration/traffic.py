"""Steady requests from several users at once, every answer kept; and the proof that none mixed two generations."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from multigrain.client import Client
from multigrain.encoder import Encoder
from multigrain.errors import MultigrainError
from multigrain.features.windows import Windows
from multigrain.index.item_index import ItemIndex
from multigrain.index.rows import vectors_by_item
from multigrain.types import Float32s, Int64s

DEPTH = 50
TOLERANCE = 1e-3
PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer's vector channel, as it was sent."""

    query: str
    generation_id: str
    item_ids: tuple[str, ...]
    scores: Float32s
    seconds: float


@dataclass(slots=True)
class Traffic:
    """`workers` clients that ask the queries in turn until `stop`."""

    address: str
    queries: Sequence[str]
    workers: int = 2
    answered: list[Answered] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for worker in range(self.workers):
            thread = threading.Thread(target=self._ask, args=(worker,), name=f"traffic-{worker}")
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, worker: int) -> None:
        turn = worker
        with Client(self.address) as client:
            while not self._stop.is_set():
                query = self.queries[turn % len(self.queries)]
                turn += self.workers
                started = time.perf_counter()
                try:
                    # Nobody's history and no control: then the channel's scores depend on the query alone.
                    answer = client.retrieve(query, limit=DEPTH, channels={"vector": DEPTH}, mode="off", debug=True)
                except MultigrainError as error:
                    self.failures.append(str(error))
                    continue
                report = answer.reports[0]
                self.answered.append(
                    Answered(query, answer.generation_id, report.item_ids, report.scores, time.perf_counter() - started)
                )
                time.sleep(PAUSE_SECONDS)


def mixed(
    answered: Sequence[Answered],
    generations: dict[str, tuple[Encoder, ItemIndex]],
    item_no_of: Callable[[Sequence[str]], Int64s],
) -> int:
    """How many answers are not, to the score, what the generation they name would have said.

    Query vector and item vectors are taken again from that generation alone; an answer that paired one generation's
    query tower with another one's index has other scores.
    """
    return sum(not _is_of(one, *generations[one.generation_id], item_no_of) for one in answered)


def _is_of(answer: Answered, encoder: Encoder, index: ItemIndex, item_no_of: Callable[[Sequence[str]], Int64s]) -> bool:
    if not answer.item_ids:
        return False
    query = encoder.encode_queries([(answer.query, Windows())])[0]
    item_nos = item_no_of(answer.item_ids)
    stored = vectors_by_item(index.rows_of(item_nos))
    if any(int(item_no) not in stored for item_no in item_nos):
        return False
    expected = np.stack([stored[int(item_no)] for item_no in item_nos]) @ query
    return bool(np.allclose(expected, answer.scores, atol=TOLERANCE * max(1.0, float(np.abs(expected).max()))))
