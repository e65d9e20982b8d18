"""One day of searches: a need, the words for it, the page that the engine shows, and what is done with the page."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Int64s
from trainer.data.market.choice import Deeds, choose
from trainer.data.market.engine import Engine
from trainer.data.market.items import MarketItems
from trainer.data.market.moods import Intent
from trainer.data.market.needs import Needs, make_needs
from trainer.data.market.numbers import Ints, Rng
from trainer.data.market.queries import Phrasebook
from trainer.data.market.taste import lasting_liking, misfit, passing_liking
from trainer.data.market.users import MarketUsers
from trainer.data.market.visits import Visits

AT_ONCE = 8192
"""Searches that are computed together: about 50 MB of columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """The searches of some time, in order of it."""

    user: Ints
    at_ms: Int64s
    query: Ints
    """Its number in the phrasebook."""
    leaf: Ints
    """What was really wanted."""
    pages: NDArray[np.int32]
    """[searches, PAGE], NONE at the end of a short page."""
    deeds: Deeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What is true of everybody on this day."""

    starts_ms: int
    interest_brand: Ints
    intent: Intent
    last_seen: Ints
    """[users]: the item that each user looked at last, NONE for nobody."""


def search_all(
    visits: Visits,
    today: Today,
    users: MarketUsers,
    items: MarketItems,
    engine: Engine,
    phrasebook: Phrasebook,
    rng: Rng,
) -> Searched:
    """All searches of a day, some thousand at a time."""
    parts = []
    for start in range(0, max(len(visits), 1), AT_ONCE):
        user, at_ms = visits.user[start : start + AT_ONCE], visits.at_ms[start : start + AT_ONCE] + today.starts_ms
        needs = make_needs(users, phrasebook.world, today.intent, user, rng)
        query, mistyped = phrasebook.put(needs, rng)
        pages = engine.pages(needs, mistyped, users, user, today.last_seen[user], at_ms, rng)
        deeds = choose(pages, _liking(needs, today, users, items, user, pages), users.robot[user], rng)
        parts.append(Searched(user=user, at_ms=at_ms, query=query, leaf=needs.leaf, pages=pages, deeds=deeds))
    return _joined(parts)


def _liking(
    needs: Needs, today: Today, users: MarketUsers, items: MarketItems, user: Ints, pages: NDArray[np.int32]
) -> NDArray[np.float32]:
    """[n, PAGE]: how much each shown item is liked, all in all. An empty place counts as any item; nobody clicks it."""
    liked = lasting_liking(users, items, user, pages) - misfit(needs, items, pages)
    return liked + passing_liking(today.interest_brand, today.intent, items, user, pages)


def _joined(parts: list[Searched]) -> Searched:
    """The parts of a day as one; deeds then point to the pages of the day."""
    before = np.cumsum([0, *(len(part.user) for part in parts)])
    deeds = {entry.name: np.concatenate([getattr(part.deeds, entry.name) for part in parts]) for entry in fields(Deeds)}
    shifted = [part.deeds.page + first for part, first in zip(parts, before, strict=False)]
    return Searched(
        user=np.concatenate([part.user for part in parts]),
        at_ms=np.concatenate([part.at_ms for part in parts]),
        query=np.concatenate([part.query for part in parts]),
        leaf=np.concatenate([part.leaf for part in parts]),
        pages=np.concatenate([part.pages for part in parts]),
        deeds=Deeds(**{**deeds, "page": np.concatenate(shifted)}),
    )
