"""The registry in SQL: one row a generation, one transaction a step.

Every step locks all rows first (there are a few dozen at most), so two promoters take turns, and the second one sees
what the first one did. That never two are live is also a unique index: see catalog/tables.py.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from multigrain.catalog.tables import generations
from multigrain.database import Bind, reading, writing
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

_COLUMNS = [generations.c[entry.name] for entry in fields(Generation)]


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class SqlRegistry:
    """A Registry over SQLite or PostgreSQL. With a Connection it works inside the transaction open there."""

    def __init__(self, bind: Bind, *, clock: Clock = wall_clock_ms) -> None:
        self._bind = bind
        self._clock = clock

    def within(self, connection: sa.Connection) -> "SqlRegistry":
        return SqlRegistry(connection, clock=self._clock)

    def create(self, generation: Generation) -> None:
        values = {column.name: getattr(generation, column.name) for column in _COLUMNS}
        values |= {
            "state": GenerationState.BUILDING.value,
            "index_spec": dict(generation.index_spec),
            "scores": dict(generation.scores),
            "verdict": _stored(generation.verdict),
            "lease_until_ms": self._clock() + LEASE_MS,
        }
        dialect = postgresql if self._bind.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(generations).values(values).on_conflict_do_nothing()
        with writing(self._bind) as connection:
            if connection.execute(insert.returning(generations.c.generation_id)).first() is None:
                raise exists(generation.generation_id)

    def renew_lease(self, generation_id: GenerationId) -> None:
        with self._locked() as rows:
            rows.renew_lease(generation_id)

    def get(self, generation_id: GenerationId) -> Generation:
        for generation in self.list():
            if generation.generation_id == generation_id:
                return generation
        raise unknown(generation_id, [row.generation_id for row in self.list()])

    def list(self) -> Sequence[Generation]:
        with reading(self._bind) as connection:
            newest_first = (generations.c.created_ms.desc(), generations.c.generation_id)
            return [_generation(row) for row in connection.execute(sa.select(*_COLUMNS).order_by(*newest_first))]

    def live(self) -> Generation | None:
        with reading(self._bind) as connection:
            is_live = generations.c.state == GenerationState.LIVE.value
            row = connection.execute(sa.select(*_COLUMNS).where(is_live)).first()
            return _generation(row) if row else None

    def fed(self) -> Sequence[Generation]:
        return [generation for generation in self.list() if generation.is_fed]

    def mark_ready(self, generation_id: GenerationId, evaluated: Evaluated) -> None:
        kept = {
            "scores": dict(evaluated.scores),
            "verdict": _stored(evaluated.verdict),
            "override": evaluated.override,
            "lease_until_ms": None,
        }
        with self._locked() as rows:
            rows.step(generation_id, GenerationState.READY, **kept)

    def keep_verdict(self, generation_id: GenerationId, verdict: GateVerdict) -> None:
        with self._locked() as rows:
            rows.keep_verdict(generation_id, verdict)

    def keep_index_spec(self, generation_id: GenerationId, index_spec: Mapping[str, object]) -> None:
        with self._locked() as rows:
            rows.keep_index_spec(generation_id, index_spec)

    def fail(self, generation_id: GenerationId, note: str) -> None:
        with self._locked() as rows:
            rows.step(generation_id, GenerationState.FAILED, note=note, lease_until_ms=None)

    def promote(self, generation_id: GenerationId, *, note: str = "", override: str = "") -> None:
        said = {name: text for name, text in (("note", note), ("override", override)) if text}
        with self._locked() as rows:
            rows.require_gate(generation_id, override)
            rows.make_live(generation_id, became_live_ms=rows.next_became_live_ms(), **said)

    def rollback(self, *, live: GenerationId | None = None, note: str = "") -> Generation:
        with self._locked() as rows:
            require_live(rows.live, live)
            before = rows.live_before()
            # What is rolled back from loses its place in the past: a second rollback goes further back, not to it.
            rows.forget_when_live_became_live()
            rows.make_live(before, **({"note": note} if note else {}))
        return self.get(before)

    def retire(self, generation_id: GenerationId, *, note: str = "") -> None:
        with self._locked() as rows:
            rows.step(generation_id, GenerationState.RETIRED, **({"note": note} if note else {}))

    def give_up_abandoned(self) -> Sequence[Generation]:
        with self._locked() as rows:
            abandoned = rows.give_up_abandoned()
        return [self.get(generation_id) for generation_id in abandoned]

    def drop_retired(self, *, keep: int, rested_ms: int) -> Sequence[Generation]:
        with self._locked() as rows:
            dropped = rows.drop_retired(keep, rested_ms)
        return [self.get(generation_id) for generation_id in dropped]

    @contextmanager
    def _locked(self) -> Iterator["_Locked"]:
        with writing(self._bind) as connection:
            yield _Locked(connection, self._clock)


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
        self.live = next((row.generation_id for row in self._generations.values() if row.state == "live"), None)

    def require_gate(self, generation_id: GenerationId, override: str) -> None:
        generation = self._get(generation_id)
        require_step(generation, GenerationState.LIVE)
        require_gate(generation, self.live, override)

    def renew_lease(self, generation_id: GenerationId) -> None:
        require_builder(self._get(generation_id))
        self._set(generation_id, lease_until_ms=self._clock() + LEASE_MS)

    def keep_index_spec(self, generation_id: GenerationId, index_spec: Mapping[str, object]) -> None:
        require_index(self._get(generation_id))
        self._set(generation_id, index_spec=dict(index_spec))

    def give_up_abandoned(self) -> list[GenerationId]:
        now_ms = self._clock()
        abandoned = [name for name, one in self._generations.items() if is_abandoned(one, now_ms)]
        for generation_id in abandoned:
            self.step(generation_id, GenerationState.FAILED, note=ABANDONED, lease_until_ms=None)
        return abandoned

    def drop_retired(self, keep: int, rested_ms: int) -> list[GenerationId]:
        now_ms = self._clock()
        dropped = to_drop(self._generations.values(), keep=keep, retired_before_ms=now_ms - rested_ms)
        for one in dropped:
            self._set(one.generation_id, dropped_ms=now_ms)
        return [one.generation_id for one in dropped]

    def keep_verdict(self, generation_id: GenerationId, verdict: GateVerdict) -> None:
        require_ready(self._get(generation_id))
        self._set(generation_id, verdict=_stored(verdict))

    def step(self, generation_id: GenerationId, to: GenerationState, **changes: Any) -> None:  # Any: column values
        require_step(self._get(generation_id), to)
        self._set(generation_id, state=to.value, changed_ms=self._clock(), **changes)

    def make_live(self, generation_id: GenerationId, **changes: Any) -> None:  # Any: as above
        """The live one first: the unique index is looked at after each statement."""
        if self.live is not None:
            self._set(self.live, state=GenerationState.RETIRED.value, changed_ms=self._clock())
        self.step(generation_id, GenerationState.LIVE, **changes)

    def next_became_live_ms(self) -> int:
        """Now, but after every earlier one: the clocks of two machines may disagree."""
        return max(self._clock(), 1 + max(self._became_live_ms.values(), default=0))

    def live_before(self) -> GenerationId:
        others = {
            other: at_ms
            for other, at_ms in self._became_live_ms.items()
            if other != self.live
            and self._generations[other].state == GenerationState.RETIRED
            and self._generations[other].dropped_ms is None
        }
        if self.live is None or not others:
            raise nothing_before(self.live)
        return max(others, key=others.__getitem__)

    def forget_when_live_became_live(self) -> None:
        assert self.live is not None
        self._set(self.live, became_live_ms=None)

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
