"""What users did -> the feature store. Side features are looked up once a batch, as the catalogue has them now."""

from collections.abc import Mapping, Sequence

from multigrain.catalog.catalog import StoredItem
from multigrain.events import ACTION_OF, ActionEvent, Searched
from multigrain.types import Behavior, ItemId, UserQuery
from streaming.dead_letter import DeadLetter
from streaming.handlers.handler import Incoming, Stores


class BehaviorHandler:
    """Searched becomes a query of the user, everything else a behaviour."""

    def prepare(self, batch: Sequence[Incoming]) -> None:
        pass

    def handle(self, batch: Sequence[Incoming], stores: Stores) -> list[DeadLetter]:
        actions = [one.event for one in batch if isinstance(one.event, ActionEvent)]
        searches = [one.event for one in batch if isinstance(one.event, Searched)]
        items = stores.catalogue.get(list(dict.fromkeys(action.item_id for action in actions))) if actions else {}
        stores.features.record(
            [_behavior(action, items) for action in actions], [_user_query(search) for search in searches]
        )
        return []


def _behavior(event: ActionEvent, items: Mapping[ItemId, StoredItem]) -> Behavior:
    """An item that the catalogue does not know, or not yet, still counts: its id is a feature, too."""
    stored = items.get(event.item_id)
    item = stored.item if stored else None
    return Behavior(
        event_id=event.event_id,
        user_id=event.user_id,
        item_id=event.item_id,
        action=ACTION_OF[type(event)],
        at_ms=event.at_ms,
        search_id=event.search_id,
        leaf_category=item.leaf_category if item else "",
        top_category=item.top_category if item else "",
        brand=item.brand if item else "",
        shop=item.shop if item else "",
    )


def _user_query(event: Searched) -> UserQuery:
    return UserQuery(event_id=event.event_id, user_id=event.user_id, text=event.query, at_ms=event.at_ms)
