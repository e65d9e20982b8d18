"""What users did -> the feature store, and from there the archive: only what was not known before is kept for training.

Side features are looked up once a batch, as the catalogue has them now.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from multigrain.events import ACTION_OF, ActionEvent, BehaviorEvent, Searched
from multigrain.features.sides import UNKNOWN, Sides, sides_of
from multigrain.types import Behavior, ItemId, UserQuery
from streaming.dead_letter import DeadLetter
from streaming.handlers.handler import Archive, Incoming, Stores


class BehaviorHandler:
    """Searched becomes a query of the user, everything else a behaviour. `archive`: None keeps nothing for training."""

    def __init__(self, archive: Archive | None = None) -> None:
        self._archive = archive

    def prepare(self, batch: Sequence[Incoming]) -> None:
        pass

    def handle(self, batch: Sequence[Incoming], stores: Stores) -> list[DeadLetter]:
        events = [one.event for one in batch if isinstance(one.event, BehaviorEvent)]
        actions = [event for event in events if not isinstance(event, Searched)]
        sides = sides_of(stores.connection, list({action.item_id: None for action in actions}))
        fresh = stores.features.record(
            [_behavior(action, sides) for action in actions],
            [_user_query(event) for event in events if isinstance(event, Searched)],
        )
        if self._archive and fresh:
            self._archive.keep(stores.connection, _each_once(events, fresh))
        return []


def _each_once(events: Sequence[BehaviorEvent], ids: AbstractSet[str]) -> list[BehaviorEvent]:
    """Those of these ids in their order; what came twice in the batch once, as the feature store counts it."""
    first: dict[tuple[str, int], BehaviorEvent] = {}
    for event in events:
        if event.event_id in ids:
            first.setdefault((event.event_id, event.at_ms), event)
    return list(first.values())


def _behavior(event: ActionEvent, sides: Mapping[ItemId, Sides]) -> Behavior:
    """An item that the catalogue does not know, or not yet, still counts: its id is a feature, too."""
    side = sides.get(event.item_id, UNKNOWN)
    return Behavior(
        event_id=event.event_id,
        user_id=event.user_id,
        item_id=event.item_id,
        action=ACTION_OF[type(event)],
        at_ms=event.at_ms,
        search_id=event.search_id,
        leaf_category=side.leaf_category,
        top_category=side.top_category,
        brand=side.brand,
        shop=side.shop,
    )


def _user_query(event: Searched) -> UserQuery:
    return UserQuery(event_id=event.event_id, user_id=event.user_id, text=event.query, at_ms=event.at_ms)
