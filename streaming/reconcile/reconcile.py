"""READ FIRST: one index held against the catalogue, number by number, while the stream writes both.

Item numbers are dense, so both are asked for the same range of them, and no more than a page of either is in memory.
What looks wrong is at first only a suspicion: the two were not read at one moment. It is looked at again while the
catalogue is held still, when whoever writes to an index has finished (docs/adr/0009). What is wrong then, is wrong; and
it is put right before the catalogue is let go.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import sqlalchemy as sa

from multigrain.catalog.catalog import SqlCatalogue, StoredItem
from multigrain.errors import NotFound, Refused
from multigrain.index.item_index import IndexRows
from multigrain.registry.registry import Registry
from streaming.reconcile.compare import compare_fields, compare_vectors
from streaming.reconcile.difference import Difference, Kind
from streaming.reconcile.report import Reconciled, Tallies
from streaming.reconcile.treat import Treat
from streaming.targets import Target

NUMBERS_AT_ONCE = 5_000
"""A strong read of Milvus costs a time tick, so few of them; a page of each is some megabytes."""
HELD_AT_ONCE = 250
"""Suspects looked at in one hold. The stream waits for that long: about a second, if all must be written again."""

Seen = Callable[[int, int], None]
"""Told how many of how many item numbers were looked at."""


class NoLongerFed(Refused):
    """The generation gave its index up meanwhile, or failed: there is nothing to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to look, and what to do."""

    treat: Treat
    sample: int
    """Vectors to compute again, at most."""
    rng: np.random.Generator
    seen: Seen = field(default=lambda done, total: None)


def reconcile(target: Target, catalogue: SqlCatalogue, registry: Registry, plan: Plan) -> Reconciled:
    """Looks at every item of one generation. May block, raises StoreUnavailable, IndexUnavailable and NoLongerFed."""
    look = _Look(target, catalogue, registry, plan)
    try:
        look.at_numbers()
        look.beyond_numbers()
        return look.counted()
    except NotFound:
        # Its index was dropped under our eyes; while the registry still counts on it, that is a fault to be told.
        look.require_fed(registry)
        raise


class _Look:
    """One pass over one generation."""

    def __init__(self, target: Target, catalogue: SqlCatalogue, registry: Registry, plan: Plan) -> None:
        self._target, self._catalogue, self._registry, self._plan = target, catalogue, registry, plan
        self._tallies = Tallies()
        self._last = catalogue.last_item_no()
        self._sampled = 0
        self._drawn = plan.rng.integers(1, self._last + 1, plan.sample if self._last else 0)

    def at_numbers(self) -> None:
        """Every number that the catalogue has given, those given meanwhile too."""
        first = 1
        while first <= self._last:
            behind = min(first + NUMBERS_AT_ONCE, self._last + 1)
            self._page(first, behind)
            self._plan.seen(behind - 1, self._last)
            first, self._last = behind, self._catalogue.last_item_no()

    def beyond_numbers(self) -> None:
        """Rows under numbers that were never given. They are looked for only where the counts do not add up."""
        items, rows = self._counts()
        if rows == items - self._tallies.left(Kind.MISSING) + self._tallies.left(Kind.SURPLUS):
            return
        for page in self._target.index.scan(NUMBERS_AT_ONCE):
            unknown = page.item_nos[(page.item_nos < 1) | (page.item_nos > self._last)]
            self._confirm(set(unknown.tolist()), vectors=set())

    def counted(self) -> Reconciled:
        """What was found; and, if nothing is left of it, whether the index counts as many rows as there are items."""
        items, rows = self._counts()
        if items != rows and not self._tallies.left(*Kind):
            detail = f"it counts {rows:,} rows of {items:,} items: build the generation again"
            uncounted = [Difference(kind=Kind.UNCOUNTED, item_no=0, detail=detail)]
            self._tallies.add(uncounted, uncounted)
        return Reconciled(
            generation_id=self._target.generation_id,
            items=items,
            rows=rows,
            sampled=self._sampled,
            tallies=self._tallies.taken(),
        )

    def require_fed(self, registry: Registry) -> None:
        generation = registry.get(self._target.generation_id)
        if not generation.is_fed:
            raise NoLongerFed(
                f"generation {generation.generation_id} is {generation.state}: it has no index to look at"
            )

    def _counts(self) -> tuple[int, int]:
        """Items and rows, at one moment."""
        with self._catalogue.held() as connection:
            self.require_fed(self._registry.within(connection))
            return SqlCatalogue(connection).count(), self._target.index.count()

    def _page(self, first: int, behind: int) -> None:
        items = self._catalogue.numbered(first, behind)
        rows = self._target.index.rows_of(np.arange(first, behind))
        suspects = _numbers(compare_fields(items, rows))
        drawn = set(self._drawn[(self._drawn >= first) & (self._drawn < behind)].tolist()) - suspects
        tried = [stored for stored in items if stored.item_no in drawn]
        self._sampled += len(tried)
        wrong = _numbers(self._compare_vectors(tried, rows))
        self._confirm(suspects | wrong, vectors=wrong)

    def _confirm(self, suspects: set[int], *, vectors: set[int]) -> None:
        """Looks at these again, and at the vectors of some of them; what is still wrong is treated and counted."""
        for some in _chunks(suspects):
            with self._catalogue.held() as connection:
                self.require_fed(self._registry.within(connection))
                items, found = self._look_again(connection, some, vectors)
                left = found
                if found:
                    self._plan.treat(self._target, items, found)
                    _, left = self._look_again(connection, sorted(_numbers(found)), vectors)
            self._tallies.add(found, left)

    def _look_again(
        self, connection: sa.Connection, suspects: Sequence[int], vectors: set[int]
    ) -> tuple[list[StoredItem], list[Difference]]:
        items = SqlCatalogue(connection).sample(suspects)
        rows = self._target.index.rows_of(np.array(suspects, np.int64))
        found = compare_fields(items, rows)
        tried = [stored for stored in items if stored.item_no in vectors - _numbers(found)]
        return items, [*found, *self._compare_vectors(tried, rows)]

    def _compare_vectors(self, items: Sequence[StoredItem], rows: IndexRows) -> list[Difference]:
        if not items:
            return []
        return compare_vectors(items, self._target.encoder.encode_items([stored.item for stored in items]), rows)


def _numbers(differences: Sequence[Difference]) -> set[int]:
    return {difference.item_no for difference in differences}


def _chunks(numbers: set[int]) -> Iterator[list[int]]:
    ordered = sorted(numbers)
    for start in range(0, len(ordered), HELD_AT_ONCE):
        yield ordered[start : start + HELD_AT_ONCE]
