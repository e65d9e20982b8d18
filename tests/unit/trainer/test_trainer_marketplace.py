"""The simulated marketplace is repeatable, and people in it have a taste."""

from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa

from multigrain.features.windows import DAY_MS
from tests.small_training import small_logs
from trainer.data.logs import BRAND_SYNONYMS, items_of, read_logs
from trainer.data.market.marketplace import FIRST_DAY_MS, Marketplace, Plan, make_marketplace
from trainer.data.market.queries import misspell
from trainer.data.market.tables import user_names
from trainer.data.market.write import write_marketplace
from trainer.evaluation.clicks import clicks_of
from trainer.evaluation.pages import pages_of


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


def test_what_follows_a_search_happens_later_and_on_its_page() -> None:
    logs = small_logs()
    searches = {row["search_id"]: row for row in logs.searches.to_pylist()}
    followed = [row for row in logs.events.to_pylist() if row["search_id"] is not None]
    assert followed
    for event in followed:
        search = searches[event["search_id"]]
        assert event["user_id"] == search["user_id"]
        assert event["item_id"] in search["exposed_item_ids"]
        assert event["at_ms"] > search["at_ms"]
    assert max(len(row["exposed_item_ids"]) for row in searches.values()) == 20


def test_a_page_shows_no_item_twice() -> None:
    for shown in small_logs().searches["exposed_item_ids"].to_pylist():
        assert len(shown) == len(set(shown))


def test_nothing_is_shown_or_clicked_before_it_is_listed() -> None:
    logs = make_marketplace(items=3000, users=60, days=5, seed=5)
    listed = dict(zip(logs.catalog["item_id"].to_pylist(), logs.catalog["listed_ms"].to_pylist(), strict=True))
    fresh = {item for item, at in listed.items() if at >= FIRST_DAY_MS}
    assert 0.5 * 0.03 * 3000 < len(fresh) < 1.5 * 0.03 * 3000, "0.6 % of the catalogue a day"
    seen = Counter[str]()
    for search in logs.searches.to_pylist():
        seen.update(item for item in search["exposed_item_ids"] if item in fresh)
        assert all(listed[item] <= search["at_ms"] for item in search["exposed_item_ids"])
    assert seen, "and some of them were shown"
    assert all(listed[row["item_id"]] <= row["at_ms"] for row in logs.events.to_pylist())


def test_the_month_before_is_known_by_its_events_alone() -> None:
    logs = small_logs()
    assert min(logs.searches["at_ms"].to_pylist()) >= FIRST_DAY_MS
    before = [row for row in logs.events.to_pylist() if row["at_ms"] < FIRST_DAY_MS]
    assert {row["search_id"] for row in before} == {None}
    assert min(row["at_ms"] for row in before) < FIRST_DAY_MS - 28 * DAY_MS
    assert {row["action"] for row in before} == {"click", "collect", "cart", "order"}


def test_rows_are_in_order_of_time_and_a_day_ends_before_the_next() -> None:
    market = Marketplace(Plan(items=300, users=40, days=3, seed=1))
    for day in market.days():
        starts_ms = FIRST_DAY_MS + day.number * DAY_MS
        for table in (day.searches, day.events):
            times = table["at_ms"].to_pylist()
            assert times == sorted(times)
            assert all(starts_ms <= at < starts_ms + DAY_MS for at in times)


def test_higher_ranks_are_clicked_more() -> None:
    pages = pages_of(make_marketplace(items=1000, users=80, days=5, seed=1))
    clicks = np.bincount(pages.rank[pages.clicked], minlength=20)
    assert clicks[:5].sum() > 1.3 * clicks[10:15].sum()


def test_a_user_returns_to_the_same_brands() -> None:
    """Two clicks of one user share a brand far more often than clicks of two users in the same category do."""
    logs = make_marketplace(items=1500, users=60, days=8, seed=2)
    clicks = clicks_of(logs, without=pa.array([], pa.string()))
    rng = np.random.default_rng(0)
    one, two = rng.integers(len(clicks.user), size=(2, 400_000))
    apart = (clicks.leaf[one] == clicks.leaf[two]) & (clicks.search[one] != clicks.search[two])
    share = clicks.brand[one] == clicks.brand[two]
    mine = apart & (clicks.user[one] == clicks.user[two])
    others = apart & (clicks.user[one] != clicks.user[two])
    assert share[mine].mean() > 1.4 * share[others].mean()


def test_robots_search_far_more_than_people_and_never_pay() -> None:
    market = Marketplace(Plan(items=300, users=1500, days=3, seed=1))
    days = list(market.days())
    robots = set(user_names(np.flatnonzero(market.users.robot).astype(np.int32)).to_pylist())
    searches = Counter(user for day in days for user in day.searches["user_id"].to_pylist())
    people = [count for user, count in searches.items() if user not in robots]
    assert min(searches[user] for user in robots if user in searches) > np.mean(people)
    paying = {
        row["user_id"]
        for day in days
        for row in day.events.to_pylist()
        if row["action"] in ("collect", "cart", "order")
    }
    assert paying
    assert paying.isdisjoint(robots)


def test_a_third_of_brands_and_queries_is_chinese() -> None:
    logs = make_marketplace(items=20_000, users=300, days=2, seed=1)
    for names in (set(logs.catalog["brand"].to_pylist()), logs.searches["query"].to_pylist()):
        chinese = sum(any("\u4e00" <= c <= "\u9fff" for c in name) for name in names)
        assert 0.25 < chinese / len(names) < 0.45


def test_a_larger_shop_has_more_categories_and_brands() -> None:
    small, large = make_marketplace(300, 2, 1, 0), make_marketplace(30_000, 2, 1, 0)
    for column in ("brand", "category_path"):
        few, many = (len({str(value) for value in logs.catalog[column].to_pylist()}) for logs in (small, large))
        assert many > 1.5 * few


def test_a_misspelling_differs_by_one_slip() -> None:
    for text in ("adidas running shoes", "gift", "tie"):
        for seed in range(20):
            slipped = misspell(text, Random(seed))
            assert sorted(slipped) == sorted(text) or abs(len(slipped) - len(text)) == 1


def test_the_default_shop_gives_enough_to_learn_from() -> None:
    logs = make_marketplace()
    actions = Counter(logs.events["action"].to_pylist())
    assert len(logs.catalog) == 4000
    assert actions["click"] >= 15_000
    assert actions["order"] > 100


def test_written_by_days_it_is_the_same_marketplace(tmp_path: Path) -> None:
    plan = Plan(items=300, users=40, days=3, seed=6)
    told: list[tuple[int, int]] = []
    digests = set()
    for name in ("once", "again"):
        written = write_marketplace(tmp_path / name, plan, lambda done, total: told.append((done, total)))
        digests.add(written.digest)
    other = write_marketplace(tmp_path / "other", Plan(items=300, users=40, days=3, seed=7), lambda done, total: None)
    assert len(digests) == 1
    assert other.digest not in digests
    files = sorted(path.relative_to(tmp_path / "once") for path in (tmp_path / "once").rglob("*") if path.is_file())
    assert len(files) == 3 + 6, "three tables, and truth/"
    for file in files:
        assert (tmp_path / "once" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
    read, made = read_logs(tmp_path / "once"), make_marketplace(300, 40, 3, 6)
    for name in ("catalog", "searches", "events"):
        assert getattr(read, name).equals(getattr(made, name))
    assert (written.searches, written.events) == (len(made.searches), len(made.events))
    assert told[-1] == (3 + 30, 3 + 30)
