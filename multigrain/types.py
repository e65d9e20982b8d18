"""The shop's words: items, behaviours, users. What travels between modules is one of these, frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import NewType

import numpy as np
from numpy.typing import NDArray

ItemId = NewType("ItemId", str)
UserId = NewType("UserId", str)
GenerationId = NewType("GenerationId", str)

ID_BYTES_MAX = 128
"""Public ids are strings of at most this many bytes of UTF-8."""

Int64s = NDArray[np.int64]
Float32s = NDArray[np.float32]
Bools = NDArray[np.bool_]


class Action(IntEnum):
    """What a user did with an item. The numbers are stored: never reuse one."""

    CLICK = 1
    COLLECT = 2
    CART = 3
    ORDER = 4


RETRIEVE_MAX = 10_000
"""The most candidates that a request may ask for."""


class ItemStatus(IntEnum):
    """Whether an item may be shown. The numbers are stored: never reuse one."""

    ACTIVE = 1
    INACTIVE = 2
    REMOVED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing a shop sells, as its newest source version tells it."""

    item_id: ItemId
    title: str
    brand: str
    """Empty: no brand."""
    category_path: tuple[str, ...]
    """From the top category down to the leaf; never empty."""
    shop: str
    price: float
    stock: int
    status: ItemStatus = ItemStatus.ACTIVE
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    source_version: int
    """Given by the sender; grows with every change of this item."""

    @property
    def top_category(self) -> str:
        return self.category_path[0]

    @property
    def leaf_category(self) -> str:
        return self.category_path[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    """One action of one user on one item, with the item's side features as they were then."""

    event_id: str
    user_id: UserId
    item_id: ItemId
    action: Action
    at_ms: int
    search_id: str | None = None
    """None: it did not come from a search."""
    leaf_category: str = ""
    """Side features are empty when the catalogue did not know the item."""
    top_category: str = ""
    brand: str = ""
    shop: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserQuery:
    """A search of a user, kept because earlier queries are an input of the query tower."""

    event_id: str
    user_id: UserId
    text: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviorColumns:
    """Behaviours of one user as columns of equal length, oldest first."""

    item_ids: tuple[str, ...] = ()
    leaf_categories: tuple[str, ...] = ()
    top_categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    shops: tuple[str, ...] = ()
    actions: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    at_ms: Int64s = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.item_ids)

    def take(self, positions: Sequence[int] | Int64s) -> "BehaviorColumns":
        """The rows at these positions, in this order."""
        rows = np.asarray(positions, np.int64)
        chosen = rows.tolist()
        return BehaviorColumns(
            item_ids=tuple(map(self.item_ids.__getitem__, chosen)),
            leaf_categories=tuple(map(self.leaf_categories.__getitem__, chosen)),
            top_categories=tuple(map(self.top_categories.__getitem__, chosen)),
            brands=tuple(map(self.brands.__getitem__, chosen)),
            shops=tuple(map(self.shops.__getitem__, chosen)),
            actions=self.actions[rows],
            at_ms=self.at_ms[rows],
        )

    @classmethod
    def of(cls, behaviors: Sequence[Behavior]) -> "BehaviorColumns":
        """Columns of these behaviours, put in order of time; equal times keep the order given."""
        rows = sorted(behaviors, key=lambda behavior: behavior.at_ms)
        return cls(
            item_ids=tuple(row.item_id for row in rows),
            leaf_categories=tuple(row.leaf_category for row in rows),
            top_categories=tuple(row.top_category for row in rows),
            brands=tuple(row.brand for row in rows),
            shops=tuple(row.shop for row in rows),
            actions=np.array([row.action for row in rows], np.uint8),
            at_ms=np.array([row.at_ms for row in rows], np.int64),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserState:
    """What a user did lately, ready to be split into windows and encoded."""

    user_id: UserId
    behaviors: BehaviorColumns = field(default_factory=BehaviorColumns)
    queries: tuple[str, ...] = ()
    """Oldest first."""
    query_at_ms: Int64s = field(default_factory=lambda: np.zeros(0, np.int64))
    version: int = 0
    """Grows with every change of the stored row; 0: never stored."""

    @property
    def newest_ms(self) -> int | None:
        """When the newest behaviour happened; None: there is none."""
        return int(self.behaviors.at_ms[-1]) if len(self.behaviors) else None
