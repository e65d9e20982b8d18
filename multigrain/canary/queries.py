"""What a canary asks: the golden queries of a bundle, and searches of real users, where there were any."""

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from multigrain import golden
from multigrain.catalog.tables import user_events
from multigrain.database import Bind, reading
from multigrain.features.windows import Windows

EVENTS_READ = 2_000
"""Of which some are searches. Read along an index of the table, whatever its size."""
NO_HISTORY = Windows()


def canary_queries(bundle: Path, bind: Bind, rng: np.random.Generator) -> Sequence[tuple[str, Windows]]:
    """Queries with histories, the golden ones, and texts of some users without. May raise StoreUnavailable."""
    golden_queries = golden.load(bundle).queries
    searched = dict.fromkeys(searched_texts(bind, rng))
    return (*golden_queries, *((text, NO_HISTORY) for text in searched))


def searched_texts(bind: Bind, rng: np.random.Generator) -> list[str]:
    """Texts of searches of users that follow one another by id, from a random place on, so that each look asks others.

    Not the newest searches: without an index by time, finding those would read the whole table.
    """
    user, at_ms, text = user_events.c.user_id, user_events.c.at_ms, user_events.c.query
    with reading(bind) as connection:
        first, last = connection.execute(sa.select(sa.func.min(user), sa.func.max(user))).one()
        if first is None:
            return []
        start = _between(first, last, rng)
        # Those before it, too: few may come after.
        events = [
            sa.select(text).where(side).order_by(user, at_ms).limit(EVENTS_READ)
            for side in (user >= start, user < start)
        ]
        found = [row for select in events for row in connection.execute(select).scalars()]
    return [searched for searched in found if searched]


def _between(first: str, last: str, rng: np.random.Generator) -> str:
    """Some text from the first to the last: what the two share, a character between theirs, and two digits."""
    shared = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    low, high = (min(ord(text[len(shared) :][:1] or "0"), ord("z")) for text in (first, last))
    return f"{shared}{chr(rng.integers(low, max(low, high) + 1))}{rng.integers(100):02}"
