"""Who plays in the demo: from the logs, a query and two users whose tastes differ, and a brand worth asking for."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from multigrain.errors import InvalidLog
from multigrain.types import ItemId, UserId

if TYPE_CHECKING:
    from multigrain.types import Item
    from trainer.data.logs import Logs

CLICKS_MIN = 6
"""A user with fewer clicks in a category shows no taste."""
ITEMS_MIN = 8
"""A brand with fewer items in the category cannot show that it was preferred."""
SAYING_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """A user and the brand that most of the clicks went to."""

    user_id: UserId
    brand: str
    clicks: int
    on_brand: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Everything the scenes need to choose."""

    query: str
    """A plain category query."""
    category: str
    first: Fan
    second: Fan
    brand_query: str
    """A brand and the category."""
    items: "Mapping[ItemId, Item]"


def cast(logs: "Logs") -> Cast:
    """The category with the two clearest and most different fans. Raises InvalidLog for logs without any."""
    from trainer.data.logs import items_of

    items = {item.item_id: item for item in items_of(logs)}
    fans = _fans(logs, items, _playable(items))
    asked = Counter(logs.searches["query"].to_pylist())
    best: tuple[tuple[float, int], str, Fan, Fan] | None = None
    for category, candidates in fans.items():
        if asked[category] == 0:
            continue
        ranked = sorted(candidates, key=lambda fan: (-fan.on_brand / fan.clicks, -fan.clicks, fan.user_id))
        for second in ranked[1:]:
            shares = ranked[0].on_brand / ranked[0].clicks + second.on_brand / second.clicks
            score = (shares, min(ranked[0].clicks, second.clicks))
            if second.brand != ranked[0].brand and (best is None or score > best[0]):
                best = (score, category, ranked[0], second)
                break
    if best is None:
        problem = "no category has two users with different favourite brands"
        raise InvalidLog("events.parquet", problem, cure="simulate more users and days")
    _, category, first, second = best
    return Cast(
        query=category,
        category=category,
        first=first,
        second=second,
        brand_query=f"{first.brand} {category}",
        items=items,
    )


def _playable(items: "Mapping[ItemId, Item]") -> set[tuple[str, str]]:
    """(category, brand) pairs with items enough, most of which say their category as the query does.

    An item that says it in another language is found by the vector channel alone, and two channels outweigh one.
    """
    there = Counter((item.leaf_category, item.brand) for item in items.values())
    saying = Counter(
        (item.leaf_category, item.brand) for item in items.values() if item.leaf_category in item.title.casefold()
    )
    return {pair for pair, count in there.items() if count >= ITEMS_MIN and saying[pair] >= SAYING_SHARE * count}


def _fans(logs: "Logs", items: "Mapping[ItemId, Item]", playable: set[tuple[str, str]]) -> dict[str, list[Fan]]:
    """For each leaf category, the users that clicked in it often enough, with their favourite brand there."""
    clicked: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in logs.events.select(["user_id", "item_id", "action"]).to_pylist():
        item = items.get(ItemId(row["item_id"]))
        if item is not None and row["action"] == "click" and item.brand:
            clicked[row["user_id"], item.leaf_category][item.brand] += 1
    fans: dict[str, list[Fan]] = defaultdict(list)
    for (user_id, category), brands in clicked.items():
        brand, on_brand = min(brands.items(), key=lambda entry: (-entry[1], entry[0]))
        if brands.total() >= CLICKS_MIN and (category, brand) in playable:
            fan = Fan(user_id=UserId(user_id), brand=brand, clicks=brands.total(), on_brand=on_brand)
            fans[category].append(fan)
    return fans
