"""What must be in the stores: one pass over the records that were sent, in plain Python.

It shares no code with the stream but the words, and it demands no more than the system promises. A consumer may cut the
records into batches as it likes, and a batch counts as one change: so an index row may bear any version at which the
item looked as it does now, and a patch of an item that is gone is a bad record unless the batch brings the item back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from benchmarks.crashing.sent import Landed, Place
from multigrain.events import ActionEvent, BehaviorEvent, ItemEvent, ItemPatched, ItemRemoved, ItemUpserted, Searched
from multigrain.types import Item, ItemId, ItemStatus, UserId
from streaming.source import Partition

OfUser = TypeVar("OfUser", bound=BehaviorEvent)
BEHAVIORS, QUERIES = 600, 20
"""Kept of a user, the newest."""


class Sides(NamedTuple):
    """An item's side features, as they go along with a behaviour."""

    leaf_category: str = ""
    top_category: str = ""
    brand: str = ""
    shop: str = ""


class Look(NamedTuple):
    """What an index holds of an item."""

    title: str
    brand: str
    category: str
    shop: str
    status: int


@dataclass(slots=True)
class ItemStory:
    """One item through the history."""

    now: Item | None = None
    """None: nothing was ever told of it that could be taken."""
    looks: dict[int, Look] = field(default_factory=dict)
    """By version."""
    sides: set[Sides] = field(default_factory=lambda: {Sides()})
    """It may have had any of these when somebody clicked on it: topics keep no order among each other."""

    def versions_of(self, look: Look) -> set[int]:
        return {version for version, had in self.looks.items() if had == look}


@dataclass(slots=True)
class UserStory:
    """One user's events, each once, as they were first told."""

    behaviors: list[ActionEvent] = field(default_factory=list)
    queries: list[Searched] = field(default_factory=list)


@dataclass(slots=True)
class Expected:
    """What the pass came to."""

    items: dict[ItemId, ItemStory] = field(default_factory=dict)
    users: dict[UserId, UserStory] = field(default_factory=dict)
    events: dict[str, BehaviorEvent] = field(default_factory=dict)
    must_die: set[Place] = field(default_factory=set)
    """Records that are dead letters however they are read."""
    may_die: set[Place] = field(default_factory=set)
    """Those whose fate hangs on how the records were cut into batches."""
    ends: dict[Partition, int] = field(default_factory=dict)


def expected(landed: Iterable[Landed]) -> Expected:
    """One pass, in the order of sending, which is the order of each partition."""
    told, doubtful = Expected(), list[tuple[Place, ItemId]]()
    for one in landed:
        place, event = one.place, one.sent.event
        told.ends[place.partition] = max(place.position + 1, told.ends.get(place.partition, 0))
        if event is None:
            told.must_die.add(place)
        elif isinstance(event, ItemEvent):
            taken = _tell_item(told.items, event, in_order=one.sent.partition is None)
            if not taken:
                doubtful.append((place, item_id_of(event)))
        else:
            _tell_user(told, event)
    for place, item_id in doubtful:
        (told.must_die if told.items[item_id].now is None else told.may_die).add(place)
    return told


def newest(events: Sequence[OfUser], length: int) -> list[OfUser]:
    """The newest `length`, oldest first; of equal times the one told later is the newer."""
    return sorted(events, key=lambda event: event.at_ms)[-length:]


def look_of(item: Item) -> Look:
    return Look(item.title, item.brand, "/".join(item.category_path), item.shop, int(item.status))


def sides_of(item: Item) -> Sides:
    return Sides(item.category_path[-1], item.category_path[0], item.brand, item.shop)


def item_id_of(event: ItemEvent) -> ItemId:
    return event.item.item_id if isinstance(event, ItemUpserted) else event.item_id


def _tell_item(items: dict[ItemId, ItemStory], event: ItemEvent, *, in_order: bool) -> bool:
    """False: a patch of what is not there."""
    story = items.setdefault(item_id_of(event), ItemStory())
    now, version = story.now, _version(event)
    if now is not None and version <= now.source_version:
        if not in_order and isinstance(event, ItemUpserted):
            # Another order may have brought it first.
            _note(story, event.item)
        return True
    if isinstance(event, ItemPatched) and (now is None or now.status is ItemStatus.REMOVED):
        return False
    story.now = _applied(now, event)
    _note(story, story.now)
    return True


def _note(story: ItemStory, item: Item) -> None:
    story.looks[item.source_version] = look_of(item)
    story.sides.add(sides_of(item))


def _applied(now: Item | None, event: ItemEvent) -> Item:
    if isinstance(event, ItemUpserted):
        return event.item
    if isinstance(event, ItemRemoved):
        return replace(now or _unseen(event.item_id), status=ItemStatus.REMOVED, source_version=event.source_version)
    assert now is not None
    return replace(
        now,
        source_version=event.source_version,
        price=now.price if event.price is None else event.price,
        stock=now.stock if event.stock is None else event.stock,
        status=now.status if event.status is None else event.status,
    )


def _unseen(item_id: ItemId) -> Item:
    """How the catalogue keeps an item of which it heard only that it is gone."""
    return Item(item_id=item_id, title="", brand="", category_path=("",), shop="", price=0, stock=0, source_version=0)


def _version(event: ItemEvent) -> int:
    return event.item.source_version if isinstance(event, ItemUpserted) else event.source_version


def _tell_user(told: Expected, event: BehaviorEvent) -> None:
    if event.event_id in told.events:
        return
    told.events[event.event_id] = event
    story = told.users.setdefault(event.user_id, UserStory())
    if isinstance(event, Searched):
        story.queries.append(event)
    else:
        story.behaviors.append(event)
