"""The registry in SQL: one row a generation, one transaction a step.

Every step locks all rows first (there are a few dozen at most), so two promoters take turns, and the second one sees
what the first one did. That never two are live is also a unique index: see catalog/tables.py.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from multigrain.catalog.tables import generations
from multigrain.database import reading, writing
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

_COLUMNS = [generations.c[entry.name] for entry in fields(Generation)]


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class SqlRegistry:
    """A Registry over SQLite or PostgreSQL."""

    def __init__(self, engine: sa.Engine, *, clock: Clock = wall_clock_ms) -> None:
        self._engine = engine
        self._clock = clock

    def create(self, generation: Generation) -> None:
        values = {column.name: getattr(generation, column.name) for column in _COLUMNS}
        values |= {
            "state": GenerationState.BUILDING.value,
            "index_spec": dict(generation.index_spec),
            "scores": dict(generation.scores),
            "verdict": _stored(generation.verdict),
        }
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(generations).values(values).on_conflict_do_nothing()
        with writing(self._engine) as connection:
            if connection.execute(insert.returning(generations.c.generation_id)).first() is None:
                raise exists(generation.generation_id)

    def get(self, generation_id: GenerationId) -> Generation:
        for generation in self.list():
            if generation.generation_id == generation_id:
                return generation
        raise unknown(generation_id, [row.generation_id for row in self.list()])

    def list(self) -> Sequence[Generation]:
        with reading(self._engine) as connection:
            newest_first = (generations.c.created_ms.desc(), generations.c.generation_id)
            return [_generation(row) for row in connection.execute(sa.select(*_COLUMNS).order_by(*newest_first))]

    def live(self) -> Generation | None:
        with reading(self._engine) as connection:
            is_live = generations.c.state == GenerationState.LIVE.value
            row = connection.execute(sa.select(*_COLUMNS).where(is_live)).first()
            return _generation(row) if row else None

    def open(self) -> Sequence[Generation]:
        return [generation for generation in self.list() if generation.state in OPEN_STATES]

    def mark_ready(self, generation_id: GenerationId, evaluated: Evaluated) -> None:
        kept = {
            "scores": dict(evaluated.scores),
            "verdict": _stored(evaluated.verdict),
            "override": evaluated.override,
        }
        with writing(self._engine) as connection:
            _Locked(connection, self._clock).step(generation_id, GenerationState.READY, **kept)

    def keep_verdict(self, generation_id: GenerationId, verdict: GateVerdict) -> None:
        with writing(self._engine) as connection:
            _Locked(connection, self._clock).keep_verdict(generation_id, verdict)

    def fail(self, generation_id: GenerationId, note: str) -> None:
        with writing(self._engine) as connection:
            _Locked(connection, self._clock).step(generation_id, GenerationState.FAILED, note=note)

    def promote(self, generation_id: GenerationId, *, note: str = "", override: str = "") -> None:
        said = {name: text for name, text in (("note", note), ("override", override)) if text}
        with writing(self._engine) as connection:
            rows = _Locked(connection, self._clock)
            rows.require_gate(generation_id, override)
            rows.make_live(generation_id, became_live_ms=rows.next_became_live_ms(), **said)

    def rollback(self) -> Generation:
        with writing(self._engine) as connection:
            rows = _Locked(connection, self._clock)
            before = rows.live_before()
            # What is rolled back from loses its place in the past: a second rollback goes further back, not to it.
            rows.forget_when_live_became_live()
            rows.make_live(before)
        return self.get(before)


class _Locked:
    """Every generation, held by one transaction."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        rows = connection.execute(
            sa.select(*_COLUMNS, generations.c.became_live_ms).order_by(generations.c.generation_id).with_for_update()
        ).all()
        self._generations = {GenerationId(row.generation_id): _generation(row) for row in rows}
        self._became_live_ms = {
            GenerationId(row.generation_id): row.became_live_ms for row in rows if row.became_live_ms is not None
        }
        self._live = next((row.generation_id for row in self._generations.values() if row.state == "live"), None)

    def require_gate(self, generation_id: GenerationId, override: str) -> None:
        generation = self._get(generation_id)
        require_step(generation, GenerationState.LIVE)
        require_gate(generation, self._live, override)

    def keep_verdict(self, generation_id: GenerationId, verdict: GateVerdict) -> None:
        require_ready(self._get(generation_id))
        self._set(generation_id, verdict=_stored(verdict))

    def step(self, generation_id: GenerationId, to: GenerationState, **changes: Any) -> None:  # Any: column values
        require_step(self._get(generation_id), to)
        self._set(generation_id, state=to.value, changed_ms=self._clock(), **changes)

    def make_live(self, generation_id: GenerationId, **changes: Any) -> None:  # Any: as above
        """The live one first: the unique index is looked at after each statement."""
        if self._live is not None:
            self._set(self._live, state=GenerationState.RETIRED.value, changed_ms=self._clock())
        self.step(generation_id, GenerationState.LIVE, **changes)

    def next_became_live_ms(self) -> int:
        """Now, but after every earlier one: the clocks of two machines may disagree."""
        return max(self._clock(), 1 + max(self._became_live_ms.values(), default=0))

    def live_before(self) -> GenerationId:
        others = {
            other: at_ms
            for other, at_ms in self._became_live_ms.items()
            if other != self._live and self._generations[other].state == GenerationState.RETIRED
        }
        if self._live is None or not others:
            raise nothing_before(self._live)
        return max(others, key=others.__getitem__)

    def forget_when_live_became_live(self) -> None:
        assert self._live is not None
        self._set(self._live, became_live_ms=None)

    def _get(self, generation_id: GenerationId) -> Generation:
        if generation_id not in self._generations:
            raise unknown(generation_id, self._generations)
        return self._generations[generation_id]

    def _set(self, generation_id: GenerationId, **values: Any) -> None:  # Any: as above
        this = generations.c.generation_id == generation_id
        self._connection.execute(sa.update(generations).where(this).values(**values))


def _generation(row: sa.Row[*tuple[Any, ...]]) -> Generation:  # Any: a row of mixed columns
    values = {column.name: getattr(row, column.name) for column in _COLUMNS}
    return Generation(**{**values, "state": GenerationState(values["state"]), "verdict": _verdict(values["verdict"])})


def _verdict(stored: dict[str, Any] | None) -> GateVerdict | None:  # Any: JSON
    return None if stored is None else GateVerdict(**{**stored, "refusals": tuple(stored["refusals"])})


def _stored(verdict: GateVerdict | None) -> dict[str, Any] | None:  # Any: as above
    return None if verdict is None else asdict(verdict)
