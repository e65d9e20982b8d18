"""READ FIRST: a simulated marketplace, day by day: a catalogue, users with a taste, searches, pages, clicks, orders.

Deterministic: one seed, one shop. What it is honest about: people choose by relevance, taste and price among what an
imperfect engine shows them, and what they like shows on three time scales, so a model that knows a user's history can
do better than one that does not. What it is not: a measurement of any real shop.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from multigrain.features.windows import DAY_MS
from multigrain.types import Action
from trainer.data.logs import SEARCHES_SCHEMA, Logs
from trainer.data.market.browsing import Browsed, browse
from trainer.data.market.catalogue import item_names, make_catalogue
from trainer.data.market.choice import Deeds
from trainer.data.market.engine import Engine
from trainer.data.market.items import make_items
from trainer.data.market.moods import Intent, Interest, drift, todays_intent
from trainer.data.market.numbers import NONE, Ints
from trainer.data.market.queries import Phrasebook
from trainer.data.market.searching import Searched, Today, search_all
from trainer.data.market.tables import Happened, events_table, searches_table
from trainer.data.market.users import make_users
from trainer.data.market.visits import make_visits
from trainer.data.market.world import make_world

FIRST_DAY_MS = 1_793_491_200_000
"""2026-11-01 00:00 UTC."""
DAYS_BEFORE = 30
"""What users did in the month before the first day is in the logs; what they searched for is not."""
CLICKS_BEFORE, CLICKS_BESIDE = 1.6, 0.5
"""Mean clicks of an active user outside of searches: on a day of the month before, and beside the searches of a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which marketplace."""

    items: int = 4000
    users: int = 600
    days: int = 14
    seed: int = 0
    first_day_ms: int = FIRST_DAY_MS
    """The midnight (UTC) at which the searches begin: another one moves every time and changes nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day in the layout of the logs, and what was on everybody's mind. Before day 0 there are no searches."""

    number: int
    searches: pa.Table
    events: pa.Table
    intent: Intent | None
    """None: a day before the first."""
    wanted_leaf: Ints
    """[searches]"""


class Marketplace:
    """One simulation. Its days are asked for once, in order."""

    def __init__(self, plan: Plan) -> None:
        rng = self._rng = np.random.default_rng(plan.seed)
        self.plan = plan
        self.world = make_world(plan.items, rng)
        self.items = make_items(plan.items, plan.days, self.world, rng, first_day_ms=plan.first_day_ms)
        self.users = make_users(plan.users, self.world, rng)
        self._moods = drift(self.users, self.world, DAYS_BEFORE + plan.days, rng)
        self.catalogue = make_catalogue(self.items, self.world, rng)
        self.phrasebook = Phrasebook(self.world)
        self._engine = Engine(self.items, self.world)
        self._item_ids = item_names(np.arange(plan.items, dtype=np.int32))
        self._last_seen: Ints = np.full(plan.users, NONE, np.int32)
        self._searches = self._events = 0

    def days(self) -> Iterator[Day]:
        """The month before, then day after day."""
        for number in range(-DAYS_BEFORE, self.plan.days):
            yield self._before(number) if number < 0 else self._day(number)

    def interest_on(self, number: int) -> Interest:
        """What was on everybody's mind on that day."""
        row = number + DAYS_BEFORE
        return Interest(leaf=self._moods.leaf[row], brand=self._moods.brand[row])

    def _before(self, number: int) -> Day:
        browsed = self._browse(number, CLICKS_BEFORE)
        events = self._events_table([_outside(browsed)])
        return Day(
            number=number,
            searches=SEARCHES_SCHEMA.empty_table(),
            events=events,
            intent=None,
            wanted_leaf=np.zeros(0, np.int32),
        )

    def _day(self, number: int) -> Day:
        browsed = self._browse(number, CLICKS_BESIDE)
        intent = todays_intent(self.users, self.world, self.interest_on(number), self._rng)
        today = Today(
            starts_ms=self._starts_ms(number),
            interest_brand=self.interest_on(number).brand,
            intent=intent,
            last_seen=self._last_seen.copy(),
        )
        visits = make_visits(self.users, self._rng)
        found = search_all(visits, today, self.users, self.items, self._engine, self.phrasebook, self._rng)
        self._note_last_seen(found.user, found.deeds)
        first = self._searches
        self._searches += len(found.user)
        searches = searches_table(
            first, found.user, found.at_ms, self.phrasebook.texts_of(found.query), found.pages, self._item_ids
        )
        events = self._events_table([_inside(found, first), _outside(browsed)])
        return Day(number=number, searches=searches, events=events, intent=intent, wanted_leaf=found.leaf)

    def _browse(self, number: int, clicks_a_day: float) -> Browsed:
        browsed = browse(
            self.users,
            self.items,
            self._engine.by_leaf,
            self.interest_on(number),
            clicks_a_day=clicks_a_day,
            starts_ms=self._starts_ms(number),
            rng=self._rng,
        )
        self._note_last_seen(browsed.user, browsed.deeds)
        return browsed

    def _starts_ms(self, number: int) -> int:
        return self.plan.first_day_ms + number * DAY_MS

    def _note_last_seen(self, user: Ints, deeds: Deeds) -> None:
        clicks = deeds.action == Action.CLICK
        # Pages are in order of time: of several clicks of one user the last one stays.
        self._last_seen[user[deeds.page[clicks]]] = deeds.row[clicks]

    def _events_table(self, happened: list[Happened]) -> pa.Table:
        table = events_table(self._events, happened, self._item_ids)
        self._events += len(table)
        return table


def make_marketplace(
    items: int = 4000, users: int = 600, days: int = 14, seed: int = 0, *, first_day_ms: int = FIRST_DAY_MS
) -> Logs:
    """The logs of a small marketplace, in memory. Larger ones are written day by day: see write.py."""
    market = Marketplace(Plan(items=items, users=users, days=days, seed=seed, first_day_ms=first_day_ms))
    happened = list(market.days())
    return Logs(
        catalog=market.catalogue,
        searches=pa.concat_tables([day.searches for day in happened]).combine_chunks(),
        events=pa.concat_tables([day.events for day in happened]).combine_chunks(),
    )


def _inside(found: Searched, first: int) -> Happened:
    return Happened(found.user, found.at_ms, first + np.arange(len(found.user)), found.deeds)


def _outside(browsed: Browsed) -> Happened:
    return Happened(browsed.user, browsed.at_ms, np.full(len(browsed.user), NONE, np.int64), browsed.deeds)
