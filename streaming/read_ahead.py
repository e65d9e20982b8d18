"""The next batch is read and decoded while the one before is taken: the stores' time to answer is not waited out."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

T = TypeVar("T")


class ReadAhead(Generic[T]):
    """At most one batch ahead, read by a thread of its own.

    What it reads from is used by one thread at a time: whoever wants to use it otherwise calls `settle` before.
    """

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._thread = ThreadPoolExecutor(1, "read-ahead")
        self._ahead: Future[T] | None = None

    def begin(self) -> None:
        """Nothing, if what was read ahead before is not yet taken away."""
        if self._ahead is None:
            self._ahead = self._thread.submit(self._read)

    def settle(self) -> None:
        """Until the thread has come to an end. What it read, or raised, is kept for `take`."""
        if self._ahead is not None:
            wait([self._ahead])

    def take(self) -> T | None:
        """What was read ahead, once; raises what reading it raised. None: nothing was begun."""
        ahead, self._ahead = self._ahead, None
        return ahead.result() if ahead else None

    def forget(self) -> bool:
        """Waits for it, and throws it away. Returns whether there was any."""
        self.settle()
        ahead, self._ahead = self._ahead, None
        return ahead is not None

    def close(self) -> None:
        self.forget()
        self._thread.shutdown()
