"""A shop that goes on changing: its items and its users, as events. Seeded, so that a history can be told again.

Two kinds of key live in it. Most are told in order. The `wide-` ones are replayed from every partition at once: of
these, items are only ever told whole, and no two events of a user have the same time, so that what must come of them
does not hang on the order.
"""

from dataclasses import replace
from random import Random

from multigrain.events import (
    ActionEvent,
    Carted,
    Clicked,
    Collected,
    Event,
    ItemEvent,
    ItemPatched,
    ItemRemoved,
    ItemUpserted,
    Ordered,
    Searched,
)
from multigrain.types import Item, ItemId, ItemStatus, UserId

START_MS = 1_793_880_000_000
TICK_MS = 1_000
EVENTS_PER_ITEM = 25
IN_SEASON = 20
"""Items that change at a time. Then they are left as they are, and a harm that was done to one is not healed later."""
LATE_MS = 40 * 3_600_000
"""The latest event is told so long after it happened: on another day."""
WIDE = "wide-"
TITLE_WORDS = ("red", "green", "wool", "felt", "scarf", "hat", "running", "shoes", "summer", "dress")
BRANDS = ("", "adidas", "nike", "puma")
SHOPS = ("shop-1", "shop-2", "shop-3")
CATEGORIES = (("sports", "shoes"), ("sports", "shoes", "running shoes"), ("fashion", "hats"), ("fashion",))
ACTIONS: tuple[type[ActionEvent], ...] = (Clicked, Clicked, Clicked, Collected, Carted, Ordered)
STATUSES = (ItemStatus.ACTIVE, ItemStatus.ACTIVE, ItemStatus.INACTIVE)


class Shop:
    """Gives events; each has an id of its own and a time that moves on by steps, several events a step."""

    def __init__(self, seed: int, *, users: int) -> None:
        self._random = Random(seed)
        self._users = users
        self._events = 0
        self._versions: dict[ItemId, int] = {}
        self._shown: dict[ItemId, Item] = {}

    def item_events(self) -> list[ItemEvent]:
        """One change of an item, or two at once that undo each other."""
        item_id = ItemId(f"sku-{self._newest_item() - self._random.randrange(IN_SEASON)}")
        shown = self._shown.get(item_id)
        match self._random.randrange(10):
            case 0 | 1 | 2:
                return [self._patched(item_id)]
            case 3:
                return [self._removed(item_id)]
            case 4 | 5 if shown:
                # Gone and back, as it was: a batch that sees both must not think that nothing happened.
                return [self._removed(item_id), self._upserted(shown)]
            case 6 | 7 if shown:
                return [self._upserted(self._changed(shown)), self._upserted(shown)]
            case 8 if shown:
                return [self._upserted(replace(shown, price=shown.price + 1, stock=shown.stock + 1))]
            case _:
                return [self._upserted(self._changed(self._fresh(item_id)))]

    def wide_item_events(self) -> list[ItemEvent]:
        """Told whole. A removal comes with a newer upsert: what is kept of a removed item hangs on the order."""
        item_id = ItemId(f"{WIDE}sku-{self._newest_item() // 2 - self._random.randrange(IN_SEASON // 4)}")
        if self._random.random() < 0.2:
            return [self._removed(item_id), self._upserted(self._fresh(item_id))]
        return [self._upserted(self._fresh(item_id))]

    def patch_of_nothing(self) -> ItemPatched:
        """Of an item that no catalogue ever had."""
        return self._patched(ItemId(f"ghost-{self._random.randrange(50)}"))

    def behavior(self) -> Event:
        """Some users do much, most do little; some of it is told late, and much happens at the same time."""
        user_id = UserId(f"user-{int(self._users * self._random.random() ** 3)}")
        late = self._random.randrange(LATE_MS) if self._random.random() < 0.1 else 0
        return self._behavior(user_id, (self._now_ms() - late) // TICK_MS * TICK_MS)

    def wide_behavior(self) -> Event:
        user_id = UserId(f"{WIDE}user-{self._random.randrange(max(1, self._users // 20))}")
        return self._behavior(user_id, self._now_ms() + 1 + self._events % (TICK_MS - 1))

    def _behavior(self, user_id: UserId, at_ms: int) -> Event:
        event_id, search_id = self._event_id(), f"s-{self._events}"
        if self._random.random() < 0.2:
            query = " ".join(self._random.sample(TITLE_WORDS, 2))
            return Searched(event_id=event_id, at_ms=at_ms, user_id=user_id, search_id=search_id, query=query)
        action = self._random.choice(ACTIONS)
        item_id = ItemId(f"sku-{self._random.randrange(self._newest_item() + IN_SEASON)}")
        from_search = search_id if self._random.random() < 0.5 else None
        return action(event_id=event_id, at_ms=at_ms, user_id=user_id, item_id=item_id, search_id=from_search)

    def _fresh(self, item_id: ItemId) -> Item:
        return Item(
            item_id=item_id,
            title=" ".join(self._random.sample(TITLE_WORDS, 3)),
            brand=self._random.choice(BRANDS),
            category_path=self._random.choice(CATEGORIES),
            shop=self._random.choice(SHOPS),
            price=round(self._random.uniform(1, 500), 2),
            stock=self._random.randrange(100),
            attributes={"colour": self._random.choice(("red", "green", "深紅"))},
            source_version=1,
        )

    def _changed(self, item: Item) -> Item:
        """Another title, or the same with another status: what the index holds of it changes either way."""
        if self._random.random() < 0.5:
            return replace(item, title=" ".join(self._random.sample(TITLE_WORDS, 3)))
        return replace(item, status=self._random.choice(STATUSES), brand=self._random.choice(BRANDS))

    def _upserted(self, item: Item) -> ItemUpserted:
        told = replace(item, source_version=self._next_version(item.item_id))
        self._shown[item.item_id] = told
        return ItemUpserted(event_id=self._event_id(), at_ms=self._now_ms(), item=told)

    def _removed(self, item_id: ItemId) -> ItemRemoved:
        version = self._next_version(item_id)
        return ItemRemoved(event_id=self._event_id(), at_ms=self._now_ms(), item_id=item_id, source_version=version)

    def _patched(self, item_id: ItemId) -> ItemPatched:
        random = self._random
        return ItemPatched(
            event_id=self._event_id(),
            at_ms=self._now_ms(),
            item_id=item_id,
            source_version=self._next_version(item_id),
            price=round(random.uniform(1, 500), 2),
            stock=random.randrange(100) if random.random() < 0.5 else None,
            status=random.choice(STATUSES) if random.random() < 0.3 else None,
        )

    def _newest_item(self) -> int:
        return IN_SEASON + self._events // EVENTS_PER_ITEM

    def _next_version(self, item_id: ItemId) -> int:
        self._versions[item_id] = self._versions.get(item_id, 0) + 1
        return self._versions[item_id]

    def _event_id(self) -> str:
        self._events += 1
        return f"e-{self._events}"

    def _now_ms(self) -> int:
        """Five events a step: equal times are common."""
        return START_MS + self._events // 5 * TICK_MS
