"""Where the stores differ from what they must hold: one sentence a difference."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set

import numpy as np

from benchmarks.crashing.archive import archive_differences
from benchmarks.crashing.broker import Buried
from benchmarks.crashing.found import EventRow, Found, ItemRow, Stored
from benchmarks.crashing.oracle import (
    BEHAVIORS,
    QUERIES,
    Expected,
    ItemStory,
    Sides,
    UserStory,
    look_of,
    newest,
)
from benchmarks.crashing.sent import Landed, Place
from multigrain.catalog.change import tower_hash
from multigrain.encoder import Encoder
from multigrain.events import ACTION_OF, BehaviorEvent, Searched
from multigrain.types import ItemId, ItemStatus, UserState


def differences(expected: Expected, found: Found, landed: Sequence[Landed], encoder: Encoder) -> list[str]:
    """None of them: the stores hold what one undisturbed pass would have left."""
    return [
        *_items(expected.items, found.stored.items),
        *_index(expected.items, found, encoder),
        *_events(expected, found.stored.events),
        *_states(expected, found.stored),
        *_positions(expected, found.stored),
        *_dead_letters(expected, found.dead, landed),
        *archive_differences(list(expected.events.values()), found.archived),
    ]


def _items(expected: Mapping[ItemId, ItemStory], found: Mapping[ItemId, ItemRow]) -> Iterator[str]:
    told = {item_id: story.now for item_id, story in expected.items() if story.now is not None}
    yield from _missing_or_too_many("item", told.keys(), found.keys())
    for item_id in told.keys() & found.keys():
        row = found[item_id]
        if row.item != told[item_id]:
            yield f"item {item_id} is {row.item}, {told[item_id]} expected"
        if row.tower_hash != tower_hash(row.item):
            yield f"item {item_id} has the tower hash of another text"


def _index(expected: Mapping[ItemId, ItemStory], found: Found, encoder: Encoder) -> Iterator[str]:
    """The index against the catalogue as it stands: whether that is right is judged above."""
    there = {row.item_no: row.item for row in found.stored.items.values() if row.item.status is not ItemStatus.REMOVED}
    counts = Counter(item_no for item_no, _ in found.index)
    yield from (f"index row {item_no} is there {count} times" for item_no, count in counts.items() if count > 1)
    yield from _missing_or_too_many("index row", there.keys(), counts.keys())
    rows = [(there[item_no], row) for item_no, row in found.index if item_no in there]
    if not rows:
        return
    for (item, row), vector in zip(rows, encoder.encode_items([item for item, _ in rows]), strict=True):
        if row.look != look_of(item):
            yield f"index row of {item.item_id} is {row.look}, {look_of(item)} expected"
        if not np.allclose(row.vector, vector, atol=1e-5):
            yield f"index row of {item.item_id} has the vector of another text than {item.title!r}"
        versions = expected[item.item_id].versions_of(look_of(item)) if item.item_id in expected else set()
        if row.revision not in versions:
            yield f"index row of {item.item_id} has revision {row.revision}, one of {sorted(versions)} expected"


def _events(expected: Expected, found: Sequence[EventRow]) -> Iterator[str]:
    counts = Counter(row.event_id for row in found)
    yield from (f"event {event_id} is there {count} times" for event_id, count in counts.items() if count > 1)
    yield from _missing_or_too_many("event", expected.events.keys(), counts.keys())
    for row in found:
        event = expected.events.get(row.event_id)
        if event is not None:
            if row != _row(event, row.sides):
                yield f"event {row.event_id} is {row}, {event} expected"
            if row.sides not in _sides_allowed(expected, event):
                yield f"event {row.event_id} has side features {row.sides}, which its item never had"


def _sides_allowed(expected: Expected, event: BehaviorEvent) -> set[Sides]:
    if isinstance(event, Searched) or event.item_id not in expected.items:
        return {Sides()}
    return expected.items[event.item_id].sides


def _row(event: BehaviorEvent, sides: Sides) -> EventRow:
    is_search = isinstance(event, Searched)
    return EventRow(
        event_id=event.event_id,
        user_id=event.user_id,
        at_ms=event.at_ms,
        action=None if isinstance(event, Searched) else ACTION_OF[type(event)],
        item_id=None if isinstance(event, Searched) else event.item_id,
        search_id=None if is_search else event.search_id,
        query=event.query if isinstance(event, Searched) else None,
        sides=sides,
    )


def _states(expected: Expected, found: Stored) -> Iterator[str]:
    """A state must hold what its raw rows hold, in order of time: both were one transaction."""
    yield from _missing_or_too_many("state of user", expected.users.keys(), found.states.keys())
    sides = {row.event_id: row.sides for row in found.events}
    for user_id in expected.users.keys() & found.states.keys():
        wanted, had = _lines_of_story(expected.users[user_id], sides), _lines_of_state(found.states[user_id])
        if wanted != had:
            first = next(at for at in range(len(wanted) + 1) if wanted[at : at + 1] != had[at : at + 1])
            yield (
                f"state of {user_id} has {len(had)} entries, {len(wanted)} expected; they differ from entry {first} on"
            )


Line = tuple[object, ...]


def _lines_of_story(story: UserStory, sides: Mapping[str, Sides]) -> list[Line]:
    """Entries of a state: behaviours, then queries, each oldest first."""
    behaviors = newest(story.behaviors, BEHAVIORS)
    queries = newest(story.queries, QUERIES)
    return [
        *((one.item_id, int(ACTION_OF[type(one)]), one.at_ms, *sides.get(one.event_id, ())) for one in behaviors),
        *((one.query, one.at_ms) for one in queries),
    ]


def _lines_of_state(state: UserState) -> list[Line]:
    rows = state.behaviors
    return [
        *zip(
            rows.item_ids,
            rows.actions.tolist(),
            rows.at_ms.tolist(),
            rows.leaf_categories,
            rows.top_categories,
            rows.brands,
            rows.shops,
            strict=True,
        ),
        *zip(state.queries, state.query_at_ms.tolist(), strict=True),
    ]


def _positions(expected: Expected, found: Stored) -> Iterator[str]:
    for partition, end in expected.ends.items():
        stands = found.positions.get(partition)
        if stands != end:
            yield f"{partition.topic}[{partition.number}] stands at {stands}, {end} expected"


def _dead_letters(expected: Expected, found: Sequence[Buried], landed: Sequence[Landed]) -> Iterator[str]:
    """At least once, and as they were: a crash lies between a letter and the commit of its batch."""
    sent = {one.place: one.sent for one in landed}
    buried = {one.place for one in found}
    yield from (f"no dead letter of {_named(place)}" for place in expected.must_die - buried)
    yield from (f"{_named(place)} is no bad record" for place in buried - expected.must_die - expected.may_die)
    for one in found:
        if one.place in sent and (one.key, one.value or None) != (sent[one.place].key, sent[one.place].value or None):
            yield f"the dead letter of {_named(one.place)} is not what was sent"
        if not one.reason:
            yield f"the dead letter of {_named(one.place)} gives no reason"


def _named(place: Place) -> str:
    return f"{place.partition.topic}[{place.partition.number}]@{place.position}"


def _missing_or_too_many(what: str, expected: Set[object], found: Set[object]) -> Iterator[str]:
    yield from (f"{what} {key} is missing" for key in expected - found)
    yield from (f"{what} {key} should not be there" for key in found - expected)
