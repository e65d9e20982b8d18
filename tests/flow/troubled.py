"""Parts in trouble: real ones that are made slow or broken from outside."""

import asyncio
import threading
from collections.abc import Collection, Mapping, Sequence

from multigrain.errors import IndexUnavailable, StoreUnavailable
from multigrain.features.feature_store import FeatureStore
from multigrain.types import Behavior, UserId, UserQuery, UserState
from server.channels.channel import Channel, Only, Question
from server.result import Hits


class Gate:
    """Something to wait at: open at first, and never longer than ten seconds."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self.reached = 0
        """How often somebody came to it."""

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def pass_(self) -> None:
        self.reached += 1
        self._open.wait(10)


class GatedFeatures:
    """A feature store that answers only while its gate is open."""

    def __init__(self, real: FeatureStore, gate: Gate) -> None:
        self._real = real
        self._gate = gate

    def get(self, user_id: UserId) -> UserState | None:
        self._gate.pass_()
        return self._real.get(user_id)

    def get_many(self, user_ids: Collection[UserId]) -> Mapping[UserId, UserState]:
        self._gate.pass_()
        return self._real.get_many(user_ids)

    def record(self, behaviors: Sequence[Behavior], queries: Sequence[UserQuery]) -> frozenset[str]:
        return self._real.record(behaviors, queries)


class BrokenFeatures:
    """A feature store that is down."""

    def get(self, user_id: UserId) -> UserState | None:
        raise StoreUnavailable("sqlite:///secret-place: is it running and reachable?")

    def get_many(self, user_ids: Collection[UserId]) -> Mapping[UserId, UserState]:
        raise StoreUnavailable("sqlite:///secret-place: is it running and reachable?")

    def record(self, behaviors: Sequence[Behavior], queries: Sequence[UserQuery]) -> frozenset[str]:
        raise StoreUnavailable("sqlite:///secret-place: is it running and reachable?")


class GatedChannel:
    """A channel that answers only while its gate is open. It waits in a thread, as a hung store would make it."""

    def __init__(self, real: Channel, gate: Gate) -> None:
        self.name = real.name
        self._real = real
        self._gate = gate

    async def ask(self, question: Question, k: int, *, only: Only, seconds: float) -> Hits:
        await asyncio.get_running_loop().run_in_executor(None, self._gate.pass_)
        return await self._real.ask(question, k, only=only, seconds=seconds)

    def close(self) -> None:
        self._gate.open()
        self._real.close()


class BrokenChannel:
    """A channel whose store is down."""

    def __init__(self, real: Channel) -> None:
        self.name = real.name
        self._real = real

    async def ask(self, question: Question, k: int, *, only: Only, seconds: float) -> Hits:
        raise IndexUnavailable("Milvus at secret-place does not answer")

    def close(self) -> None:
        self._real.close()
