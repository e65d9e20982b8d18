"""User states for an event loop: what a server reads with every request, and which reader fits which store."""

import asyncio
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import sqlalchemy as sa

from multigrain.features.feature_store import FeatureStore
from multigrain.features.sql import SqlFeatureStore
from multigrain.types import UserId, UserState


class StateReader(Protocol):
    """One contract suite, tests/contract/test_state_reader.py, runs over every implementation.

    May be asked anew before it has answered. Not safe for threads: one event loop is its only caller.
    """

    async def get_many(self, user_ids: Collection[UserId]) -> Mapping[UserId, UserState]:
        """The states of those who have one. Raises StoreUnavailable."""
        ...

    def close(self) -> None:
        """Lets go of what it holds. Call it when nothing is read any more."""
        ...


class ThreadedReader:
    """Reads a store that blocks, in threads of its own."""

    def __init__(self, features: FeatureStore, *, threads: int = 2) -> None:
        self._features = features
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="features")

    async def get_many(self, user_ids: Collection[UserId]) -> Mapping[UserId, UserState]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._features.get_many, user_ids)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def open_state_reader(engine: sa.Engine) -> StateReader:
    """The quickest for this store. It connects when it is first asked."""
    if engine.dialect.name == "postgresql":
        from multigrain.features.postgres_reader import PostgresReader

        return PostgresReader(engine.url)
    return ThreadedReader(SqlFeatureStore(engine))
