"""Batches made by a thread while the step computes: the loop finds them ready."""

from collections.abc import Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from types import TracebackType
from typing import Self

from trainer.data.batches import Batch
from trainer.progress import Clock

AHEAD = 32
"""Batches that may wait: while they are used, the next shard is encoded. Too many take memory, 2.5 MB each in the
paper's sizes; too few, and the loop waits at every shard that it reads for the first time."""
LOOK_UP_SECONDS = 0.1
"""How often the thread looks whether the loop has gone."""


class Prefetch:
    """The batches of an iterator in their order, made ahead. Leaving the block ends the thread.

    What the iterator raises is raised where its batch would have come. `waited` is how long the loop stood still.
    """

    def __init__(self, batches: Iterator[Batch], clock: Clock) -> None:
        self._batches, self._clock = batches, clock
        self._ready: Queue[Batch | BaseException | None] = Queue(AHEAD)
        self._gone = Event()
        self._thread = Thread(target=self._make, name="batches", daemon=True)
        self.waited = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gone.set()
        self._thread.join()

    def __iter__(self) -> Iterator[Batch]:
        while True:
            began = self._clock()
            made = self._next()
            self.waited += self._clock() - began
            if made is None:
                return
            if isinstance(made, BaseException):
                raise made
            yield made

    def _next(self) -> Batch | BaseException | None:
        # With a timeout: a wait without one cannot be broken by Ctrl-C.
        while True:
            try:
                return self._ready.get(timeout=LOOK_UP_SECONDS)
            except Empty:
                continue

    def _make(self) -> None:
        try:
            for batch in self._batches:
                if not self._put(batch):
                    return
            self._put(None)
        except Exception as error:  # The loop's to answer, whatever it is.
            self._put(error)

    def _put(self, made: Batch | BaseException | None) -> bool:
        """Whether the loop is still there."""
        while not self._gone.is_set():
            try:
                self._ready.put(made, timeout=LOOK_UP_SECONDS)
                return True
            except Full:
                continue
        return False
