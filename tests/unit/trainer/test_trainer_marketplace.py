"""The simulated marketplace is repeatable, and people in it have a taste."""

from collections import Counter

from tests.small_training import small_logs
from trainer.data.logs import BRAND_SYNONYMS, items_of
from trainer.data.marketplace import FIRST_DAY_MS, make_marketplace


def test_one_seed_makes_one_shop() -> None:
    first, again, other = small_logs(seed=3), small_logs(seed=3), small_logs(seed=4)
    assert first.catalog.equals(again.catalog)
    assert first.events.equals(again.events)
    assert not first.searches.equals(other.searches)


def test_another_first_day_moves_every_time_and_nothing_else() -> None:
    usual, moved = make_marketplace(50, 8, 3, 1), make_marketplace(50, 8, 3, 1, first_day_ms=FIRST_DAY_MS + 1000)
    for name in ("searches", "events"):
        before, after = getattr(usual, name), getattr(moved, name)
        assert after["at_ms"].to_pylist() == [at + 1000 for at in before["at_ms"].to_pylist()]
        assert after.drop_columns(["at_ms"]).equals(before.drop_columns(["at_ms"]))
    assert moved.last_ms == usual.last_ms + 1000


def test_items_are_titled_in_english_and_chinese() -> None:
    titles = small_logs().catalog["title"].to_pylist()
    chinese = sum(any("\u4e00" <= c <= "\u9fff" for c in title) for title in titles)
    assert 0.2 * len(titles) < chinese < 0.9 * len(titles)


def test_chinese_brands_keep_their_latin_spelling() -> None:
    spelt = {
        item.brand: item.attributes[BRAND_SYNONYMS]
        for item in items_of(make_marketplace(600, 2, 1, 0))
        if item.brand == "李宁"
    }
    assert spelt == {"李宁": "li ning|lining"}


def test_an_event_follows_its_search_within_the_page_that_was_shown() -> None:
    logs = small_logs()
    searches = {row["search_id"]: row for row in logs.searches.to_pylist()}
    for event in logs.events.to_pylist():
        search = searches[event["search_id"]]
        assert event["user_id"] == search["user_id"]
        assert event["item_id"] in search["exposed_item_ids"]
        assert event["at_ms"] > search["at_ms"]
    assert max(len(row["exposed_item_ids"]) for row in searches.values()) == 20


def test_higher_ranks_are_clicked_more() -> None:
    logs = make_marketplace(items=1000, users=80, days=5, seed=1)
    ranks = {row["search_id"]: row["exposed_item_ids"] for row in logs.searches.to_pylist()}
    clicks = Counter(
        ranks[e["search_id"]].index(e["item_id"]) for e in logs.events.to_pylist() if e["action"] == "click"
    )
    assert sum(clicks[r] for r in range(5)) > 1.3 * sum(clicks[r] for r in range(10, 15))


def test_a_user_returns_to_the_same_brands() -> None:
    """Two clicks of one user share a brand far more often than clicks of two users in the same category do."""
    logs = make_marketplace(items=1500, users=60, days=8, seed=2)
    items = {item.item_id: item for item in items_of(logs)}
    clicks: dict[str, list[tuple[str, str, str]]] = {}
    for event in logs.events.to_pylist():
        item = items[event["item_id"]]
        if event["action"] == "click":
            clicks.setdefault(item.leaf_category, []).append((event["user_id"], item.brand, event["search_id"]))
    same, other = Counter[bool](), Counter[bool]()
    for rows in clicks.values():
        for i, (user, brand, search) in enumerate(rows):
            for user2, brand2, search2 in rows[i + 1 :]:
                if search != search2:
                    (same if user == user2 else other)[brand == brand2] += 1
    assert same[True] / same.total() > 1.4 * other[True] / other.total()


def test_the_default_shop_gives_enough_to_learn_from() -> None:
    logs = make_marketplace()
    actions = Counter(logs.events["action"].to_pylist())
    assert len(logs.catalog) == 4000
    assert actions["click"] >= 15_000
    assert actions["order"] > 100
