"""The registry in memory: for tests and for programs that keep nothing."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import sqlalchemy as sa

from multigrain.registry.generation import Evaluated, GateVerdict, Generation, GenerationState
from multigrain.registry.steps import (
    ABANDONED,
    LEASE_MS,
    Clock,
    exists,
    is_abandoned,
    nothing_before,
    require_builder,
    require_gate,
    require_index,
    require_live,
    require_ready,
    require_step,
    to_drop,
    unknown,
)
from multigrain.types import GenerationId


class MemoryRegistry:
    """A Registry that forgets everything with the process. Safe to call from threads."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._generations: dict[GenerationId, Generation] = {}
        self._past: list[GenerationId] = []
        """Those that were live, in order; the last one is. One that was rolled back from is no longer here."""

    def within(self, connection: sa.Connection) -> Self:
        return self

    def create(self, generation: Generation) -> None:
        with self._lock:
            if generation.generation_id in self._generations:
                raise exists(generation.generation_id)
            self._generations[generation.generation_id] = replace(
                generation, state=GenerationState.BUILDING, lease_until_ms=self._clock() + LEASE_MS
            )

    def renew_lease(self, generation_id: GenerationId) -> None:
        with self._lock:
            require_builder(self.get(generation_id))
            self._change(generation_id, lease_until_ms=self._clock() + LEASE_MS)

    def get(self, generation_id: GenerationId) -> Generation:
        with self._lock:
            if generation_id not in self._generations:
                raise unknown(generation_id, self._generations)
            return self._generations[generation_id]

    def list(self) -> Sequence[Generation]:
        with self._lock:
            return sorted(self._generations.values(), key=lambda row: (-row.created_ms, row.generation_id))

    def live(self) -> Generation | None:
        with self._lock:
            return self._generations[self._past[-1]] if self._past else None

    def fed(self) -> Sequence[Generation]:
        return [generation for generation in self.list() if generation.is_fed]

    def mark_ready(self, generation_id: GenerationId, evaluated: Evaluated) -> None:
        with self._lock:
            self._step(generation_id, GenerationState.READY)
            kept = {"scores": dict(evaluated.scores), "verdict": evaluated.verdict, "override": evaluated.override}
            self._change(generation_id, **kept, lease_until_ms=None)

    def keep_verdict(self, generation_id: GenerationId, verdict: GateVerdict) -> None:
        with self._lock:
            require_ready(self.get(generation_id))
            self._change(generation_id, verdict=verdict)

    def keep_index_spec(self, generation_id: GenerationId, index_spec: Mapping[str, object]) -> None:
        with self._lock:
            require_index(self.get(generation_id))
            self._change(generation_id, index_spec=dict(index_spec))

    def fail(self, generation_id: GenerationId, note: str) -> None:
        with self._lock:
            self._step(generation_id, GenerationState.FAILED, note=note)
            self._change(generation_id, lease_until_ms=None)

    def promote(self, generation_id: GenerationId, *, note: str = "", override: str = "") -> None:
        with self._lock:
            live, candidate = self.live(), self.get(generation_id)
            require_step(candidate, GenerationState.LIVE)
            require_gate(candidate, live.generation_id if live else None, override)
            self._step(generation_id, GenerationState.LIVE, note=note)
            self._change(generation_id, override=override or candidate.override)
            if live is not None:
                self._retire(live)
            self._past = [*(before for before in self._past if before != generation_id), generation_id]

    def rollback(self, *, live: GenerationId | None = None, note: str = "") -> Generation:
        with self._lock:
            now_live = self.live()
            require_live(now_live.generation_id if now_live else None, live)
            with_index = [one for one in self._past[:-1] if self._generations[one].dropped_ms is None]
            if now_live is None or not with_index:
                raise nothing_before(now_live.generation_id if now_live else None)
            before = with_index[-1]
            self._step(before, GenerationState.LIVE, note=note)
            self._retire(now_live)
            self._past = self._past[: self._past.index(before) + 1]
            return self._generations[before]

    def retire(self, generation_id: GenerationId, *, note: str = "") -> None:
        with self._lock:
            self._step(generation_id, GenerationState.RETIRED, note=note)

    def give_up_abandoned(self) -> Sequence[Generation]:
        with self._lock:
            now_ms = self._clock()
            abandoned = [one.generation_id for one in self.list() if is_abandoned(one, now_ms)]
            for generation_id in abandoned:
                self.fail(generation_id, ABANDONED)
            return [self._generations[generation_id] for generation_id in abandoned]

    def drop_retired(self, *, keep: int, rested_ms: int) -> Sequence[Generation]:
        with self._lock:
            now_ms = self._clock()
            dropped = to_drop(self.list(), keep=keep, retired_before_ms=now_ms - rested_ms)
            for one in dropped:
                self._change(one.generation_id, dropped_ms=now_ms)
            return [self._generations[one.generation_id] for one in dropped]

    def _step(self, generation_id: GenerationId, to: GenerationState, *, note: str = "") -> None:
        generation = self.get(generation_id)
        require_step(generation, to)
        self._generations[generation_id] = replace(
            generation, state=to, changed_ms=self._clock(), note=note or generation.note
        )

    def _change(self, generation_id: GenerationId, **values: Any) -> None:  # Any: fields of a generation
        self._generations[generation_id] = replace(self._generations[generation_id], **values)

    def _retire(self, generation: Generation) -> None:
        self._generations[generation.generation_id] = replace(
            generation, state=GenerationState.RETIRED, changed_ms=self._clock()
        )
