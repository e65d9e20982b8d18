"""Vectors for requests: what waits while all THREADS are busy goes together in the next call, and a lone request waits
for nobody.

What a vector is must not depend on what it was computed with. So only those go together for which the encoder promises
it: second halves, and encoders without halves. A user whose state is not known goes alone; others who ask for the same
state come along.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from weakref import WeakKeyDictionary

from multigrain.encoder import Encoder, SplitEncoder
from multigrain.errors import Unavailable
from multigrain.features.windows import Windows
from multigrain.telemetry import ENCODED_TOGETHER, ENCODINGS_LEFT_OUT, USER_CACHE_BYTES, USER_CACHE_LOOKUPS
from multigrain.types import Float32s
from server.encoding.history_key import HistoryKey
from server.encoding.query import Encoded, Wanted, encode_kept, encode_user, encode_whole
from server.encoding.user_state_cache import UserStateCache

THREADS = 2
"""One prepares its inputs while the other computes. More would only take the cores from one another."""
TOGETHER = 8
"""At most: whoever waits for a batch waits for all of it."""

Call = Callable[[], Encoded]


class QueryEncodings:
    """All of a server's. Belongs to one event loop; only `close` may be called from elsewhere, and after the loop."""

    def __init__(self, *, cache_bytes: int = 0, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`cache_bytes`: for states of users, for each encoder that is loaded. 0: none is kept."""
        self._cache_bytes = cache_bytes
        self._monotonic = monotonic
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="encode")
        # An encoder's states go with it: another one would read them as noise, and its memory is wanted back.
        self._caches: WeakKeyDictionary[Encoder, UserStateCache] = WeakKeyDictionary()
        self._waiting: deque[Wanted] = deque()
        self._under_way = 0
        self._closed = False

    def ask(
        self, encoder: Encoder, text: str, windows: Windows, key: HistoryKey | None, *, seconds: float
    ) -> "asyncio.Future[Float32s]":
        """The vector, [1, dims], when it is there. Cancel it when it is not wanted any more.

        Raises what the encoder raises, TimeoutError when `seconds` passed before its turn came, and Unavailable when
        the server stops. `key`: of the windows; None keeps no state of them.
        """
        vector: asyncio.Future[Float32s] = asyncio.get_running_loop().create_future()
        self._waiting.append(Wanted(encoder, text, windows, key, self._monotonic() + seconds, vector))
        if self._closed:
            self._refuse_waiting()
        self._begin()
        return vector

    def close(self) -> None:
        """Whoever still waits is refused. Returns at once; a call that is under way ends in its thread."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._refuse_waiting()

    def _begin(self) -> None:
        while self._under_way < THREADS and (first := self._next_wanted()) is not None:
            batch, call = self._batch(first)
            self._under_way += 1
            ENCODED_TOGETHER.observe(len(batch))
            done = asyncio.get_running_loop().run_in_executor(self._threads, call)
            done.add_done_callback(partial(self._done, batch))

    def _next_wanted(self) -> Wanted | None:
        """The one that waits longest, of those that are still wanted."""
        while self._waiting:
            first = self._waiting.popleft()
            if self._is_wanted(first):
                return first
        return None

    def _is_wanted(self, one: Wanted) -> bool:
        if one.vector.done():
            ENCODINGS_LEFT_OUT.labels("cancelled").inc()
            return False
        if one.ends_at <= self._monotonic():
            ENCODINGS_LEFT_OUT.labels("late").inc()
            _fail(one, TimeoutError("no time left to encode the query"))
            return False
        return True

    def _batch(self, first: Wanted) -> tuple[list[Wanted], Call]:
        """Those that go with `first`, and what is to be done for them."""
        encoder = first.encoder
        if not isinstance(encoder, SplitEncoder):
            batch = [first, *self._others(first, TOGETHER, lambda other: True)]
            return batch, partial(encode_whole, encoder, [(one.text, one.windows) for one in batch])
        cache, most = self._cache_of(encoder), min(TOGETHER, encoder.texts_together)
        if first.key in cache:
            batch = [first, *self._others(first, most, lambda other: other.key in cache)]
            states = [state for one in batch if (state := cache.get(one.key)) is not None]
            USER_CACHE_LOOKUPS.labels("hit").inc(len(batch))
            return batch, partial(encode_kept, encoder, [one.text for one in batch], states)
        batch = [first, *self._others(first, most, lambda other: other.key is not None and other.key == first.key)]
        USER_CACHE_LOOKUPS.labels("miss").inc(len(batch))
        return batch, partial(encode_user, encoder, [one.text for one in batch], first.windows)

    def _others(self, first: Wanted, most: int, fits: Callable[[Wanted], bool]) -> Iterator[Wanted]:
        """Takes out those that wait for the same encoder and fit, in their order; with `first` at most `most`."""
        passed: list[Wanted] = []
        taken = 1
        while self._waiting and taken < most:
            other = self._waiting.popleft()
            if other.encoder is not first.encoder or not fits(other):
                passed.append(other)
            elif self._is_wanted(other):
                taken += 1
                yield other
        self._waiting.extendleft(reversed(passed))

    def _done(self, batch: list[Wanted], call: "asyncio.Future[Encoded]") -> None:
        self._under_way -= 1
        if call.cancelled():
            for one in batch:
                one.vector.cancel()
        elif (error := call.exception()) is not None:
            for one in batch:
                _fail(one, error)
        else:
            self._give(batch, call.result())
        if not self._closed:
            self._begin()

    def _give(self, batch: list[Wanted], encoded: Encoded) -> None:
        key, encoder = batch[0].key, batch[0].encoder
        if encoded.state is not None and key is not None:
            self._cache_of(encoder).put(key, encoded.state)
            USER_CACHE_BYTES.set(sum(cache.size_bytes for cache in self._caches.values()))
        for row, one in enumerate(batch):
            if not one.vector.done():
                one.vector.set_result(encoded.vectors[row : row + 1])

    def _cache_of(self, encoder: Encoder) -> UserStateCache:
        cache = self._caches.get(encoder)
        if cache is None:
            cache = self._caches[encoder] = UserStateCache(self._cache_bytes)
        return cache

    def _refuse_waiting(self) -> None:
        while self._waiting:
            one = self._waiting.popleft()
            if not one.vector.get_loop().is_closed():
                _fail(one, Unavailable("the server stops: ask another one"))


def _fail(one: Wanted, error: BaseException) -> None:
    if not one.vector.done():
        one.vector.set_exception(error)
        one.vector.exception()  # its request may have given up: then nobody else looks at it
