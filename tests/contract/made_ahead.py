"""Empty indexes on a Milvus server, made while tests run that need them: each takes three seconds of waiting."""

import uuid
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from multigrain.errors import NotFound
from multigrain.index.milvus import MilvusStore
from multigrain.index.specs import Flat
from tests.services.fixtures import AHEAD

AT_ONCE = 4


class MadeAhead:
    """FLAT indexes of `dims` dimensions on one server. Whoever takes one drops it."""

    def __init__(self, uri: str, dims: int) -> None:
        self._store = MilvusStore(uri, strong=True)
        self._dims = dims
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._names: deque[Future[str]] = deque(self._threads.submit(self._make) for _ in range(AT_ONCE))

    def take(self) -> str:
        """The name of one that nobody else has."""
        self._names.append(self._threads.submit(self._make))
        return self._names.popleft().result()

    def drop(self, name: str) -> None:
        with suppress(NotFound):
            self._store.open(name).drop()

    def close(self) -> None:
        """Drops what nobody took."""
        for made in self._names:
            self.drop(made.result())
        self._threads.shutdown()
        self._store.close()

    def _make(self) -> str:
        name = f"{AHEAD}{uuid.uuid4().hex[:12]}"
        self._store.create(name, dims=self._dims, spec=Flat())
        return name
