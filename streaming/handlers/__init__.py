"""What is done with each kind of event. HANDLERS is the list; a batch goes through it from top to bottom.

Items come first: a click on an item that arrives in the same batch finds it in the catalogue.
"""

from multigrain.events import (
    Carted,
    Clicked,
    Collected,
    Event,
    ItemPatched,
    ItemRemoved,
    ItemUpserted,
    Ordered,
    Searched,
)
from streaming.handlers.behavior import BehaviorHandler
from streaming.handlers.items import ItemsHandler

HANDLERS: dict[type[Event], type[ItemsHandler | BehaviorHandler]] = {
    ItemUpserted: ItemsHandler,
    ItemPatched: ItemsHandler,
    ItemRemoved: ItemsHandler,
    Searched: BehaviorHandler,
    Clicked: BehaviorHandler,
    Collected: BehaviorHandler,
    Carted: BehaviorHandler,
    Ordered: BehaviorHandler,
}
