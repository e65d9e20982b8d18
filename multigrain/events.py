"""What happened outside: the facts that arrive on Kafka or in an event file, in the past tense.

The wire form is protos/multigrain/v1/events.proto; `streaming/decode.py` is the only reader of it.
"""

from dataclasses import dataclass

from multigrain.types import Action, Item, ItemId, ItemStatus, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemUpserted:
    """The whole item, new or changed."""

    event_id: str
    at_ms: int
    item: Item


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPatched:
    """Price, stock or status changed: nothing that the item tower reads. None: stays as it was."""

    event_id: str
    at_ms: int
    item_id: ItemId
    source_version: int
    price: float | None = None
    stock: int | None = None
    status: ItemStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRemoved:
    """The item left the catalogue."""

    event_id: str
    at_ms: int
    item_id: ItemId
    source_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """A user searched and was shown a page."""

    event_id: str
    at_ms: int
    user_id: UserId
    search_id: str
    query: str
    exposed_item_ids: tuple[ItemId, ...] = ()
    """In the order shown, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ItemAction:
    event_id: str
    at_ms: int
    user_id: UserId
    item_id: ItemId
    search_id: str | None = None
    """None: it did not come from a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked(_ItemAction):
    """A user opened an item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected(_ItemAction):
    """A user put an item on a wish list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carted(_ItemAction):
    """A user put an item into the cart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered(_ItemAction):
    """A user bought an item."""


ItemEvent = ItemUpserted | ItemPatched | ItemRemoved
ActionEvent = Clicked | Collected | Carted | Ordered
BehaviorEvent = Searched | ActionEvent
Event = ItemEvent | BehaviorEvent

ACTION_OF: dict[type[ActionEvent], Action] = {
    Clicked: Action.CLICK,
    Collected: Action.COLLECT,
    Carted: Action.CART,
    Ordered: Action.ORDER,
}

PROBE_USER = UserId("multigrain-probe")
"""Nobody: what this user does is a measurement, and is not learned from."""
