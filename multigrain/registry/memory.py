"""The registry in memory: for tests and for programs that keep nothing."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from multigrain.registry.generation import OPEN_STATES, Evaluated, GateVerdict, Generation, GenerationState
from multigrain.registry.steps import (
    Clock,
    exists,
    nothing_before,
    require_gate,
    require_ready,
    require_step,
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

    def create(self, generation: Generation) -> None:
        with self._lock:
            if generation.generation_id in self._generations:
                raise exists(generation.generation_id)
            self._generations[generation.generation_id] = replace(generation, state=GenerationState.BUILDING)

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

    def open(self) -> Sequence[Generation]:
        return [generation for generation in self.list() if generation.state in OPEN_STATES]

    def mark_ready(self, generation_id: GenerationId, evaluated: Evaluated) -> None:
        with self._lock:
            self._step(generation_id, GenerationState.READY)
            kept = {"scores": dict(evaluated.scores), "verdict": evaluated.verdict, "override": evaluated.override}
            self._change(generation_id, **kept)

    def keep_verdict(self, generation_id: GenerationId, verdict: GateVerdict) -> None:
        with self._lock:
            require_ready(self.get(generation_id))
            self._change(generation_id, verdict=verdict)

    def fail(self, generation_id: GenerationId, note: str) -> None:
        with self._lock:
            self._step(generation_id, GenerationState.FAILED, note=note)

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

    def rollback(self) -> Generation:
        with self._lock:
            live = self.live()
            if live is None or len(self._past) < 2:
                raise nothing_before(live.generation_id if live else None)
            before = self._past[-2]
            self._step(before, GenerationState.LIVE)
            self._retire(live)
            self._past.pop()
            return self._generations[before]

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
