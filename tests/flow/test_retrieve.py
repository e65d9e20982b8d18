"""Retrieve through a running server: real SQL, a real index, the real client."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from multigrain.answers import Answer
from multigrain.client import AsyncClient, Client, SessionEvent
from multigrain.errors import InvalidRequest
from multigrain.events import ItemPatched, ItemRemoved
from multigrain.features.windows import Windows
from multigrain.index.item_index import IndexRows
from multigrain.index.milvus import MilvusStore
from multigrain.types import Action, GenerationId, ItemId
from tests.builders import MINUTE_MS, NOON_MS, a_behavior, an_item
from tests.flow.serving import Shop, a_catalogue, eventually, open_shop, serving

ITEMS = 60
"""20 of adidas, 20 of nike, 20 without a brand; in each, 10 running shoes and 10 dresses."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return open_shop(tmp_path_factory.mktemp("shop"), items=ITEMS)


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[Client]:
    with serving(shop) as (_, client):
        yield client


def brands_of(answer: Answer) -> set[str]:
    items = {item.item_id: item for item in a_catalogue(ITEMS)}
    return {items[item_id].brand for item_id in answer.item_ids}


def test_the_answer_names_its_generation_and_its_columns_have_one_length(client: Client) -> None:
    answer = client.retrieve("summer dress", limit=20)
    assert answer.generation_id == "g-1"
    assert answer.request_id.startswith("r-")
    assert len(answer.item_ids) == len(answer.scores) == len(answer.channels) == len(answer.verdicts) == 20
    assert np.all(np.diff(answer.scores) <= 0)
    assert len(set(answer.item_ids)) == 20
    assert answer.degraded == ()
    assert answer.catalogue_revision == ITEMS


def test_every_channel_is_asked_and_reported(client: Client) -> None:
    answer = client.retrieve("summer dress", limit=20)
    told = [(report.channel, report.problem) for report in answer.reports]
    assert told == [("vector", ""), ("lexical", ""), ("neighbours", "")]
    assert [report.hits > 0 for report in answer.reports] == [True, True, False], "nobody here has a history"
    assert all(report.milliseconds > 0 for report in answer.reports)
    assert {channel for row in answer.rows() for channel in row.channels} == {"vector", "lexical"}


def test_a_brand_in_the_query_drops_other_brands(client: Client) -> None:
    answer = client.retrieve("adidas summer dress", limit=60, debug=True)
    assert (answer.brands, answer.categories) == (("adidas",), ("fashion/dresses",))
    assert brands_of(answer) == {"adidas"}
    assert set(answer.dropped_verdicts) == {"brand", "category"}
    # 60 items, 10 of them adidas dresses; of the other 50, 30 are no dresses, and the category is judged first.
    assert (answer.judged, answer.dropped) == (60, 50)
    assert answer.dropped_by == {"category": 30, "brand": 20}
    assert len(answer.dropped_item_ids) == 50


BESIDE_THE_POINT = "running black shoes summer red adidas"
"""Four of six words say nothing of the brand, so most of the nearest items are of another."""


def test_holes_that_relevance_left_are_refilled_from_deeper(client: Client) -> None:
    strict = client.retrieve(BESIDE_THE_POINT, limit=8, channels={"vector": 0}, mode="strict")
    filled = client.retrieve(BESIDE_THE_POINT, limit=8, channels={"vector": 0}, mode="fill")
    deep = client.retrieve(BESIDE_THE_POINT, limit=60, channels={"vector": 0}, mode="strict")
    assert 0 < len(strict) < 8
    assert len(filled) == 8
    assert filled.item_ids.tolist() == deep.item_ids.tolist()[:8]
    assert filled.item_ids.tolist()[: len(strict)] == strict.item_ids.tolist()
    assert filled.degraded == ()


def test_a_quota_is_not_exceeded_to_fill_holes(client: Client) -> None:
    answer = client.retrieve(BESIDE_THE_POINT, limit=8, channels={"vector": 8})
    assert len(answer) < 8
    assert answer.reports[0].hits == 8


def test_demote_keeps_other_brands_behind(client: Client) -> None:
    answer = client.retrieve("adidas running shoes", limit=60, mode="demote")
    verdicts = [row.verdict for row in answer.rows()]
    assert verdicts[:10] == ["kept"] * 10
    assert set(verdicts[10:]) == {"brand", "category"}
    assert len(answer) == 60


def test_off_makes_no_demand(client: Client) -> None:
    answer = client.retrieve("adidas running shoes", limit=60, mode="off")
    assert brands_of(answer) == {"adidas", "nike", ""}
    assert answer.dropped == 0


def test_filters_hold_in_every_mode(client: Client) -> None:
    for mode in ("fill", "strict", "demote", "off"):
        answer = client.retrieve("shoes", limit=60, brands=["nike"], min_price=10.0, max_price=40.0, mode=mode)
        numbers = [int(item_id.removeprefix("sku-")) for item_id in answer.item_ids]
        assert numbers
        assert all(10 <= number <= 40 and number % 3 == 1 for number in numbers)


def test_one_channel_alone_answers(client: Client) -> None:
    answer = client.retrieve("summer dress", limit=5, channels={"lexical": 0})
    assert [report.channel for report in answer.reports] == ["lexical"]
    assert answer.channels.tolist() == [1 << 2] * 5


def test_a_limit_above_the_catalogue_gives_what_there_is(client: Client) -> None:
    assert len(client.retrieve("red", limit=10_000)) == ITEMS


def test_an_unknown_user_and_no_user_get_the_same_answer(client: Client) -> None:
    nobody, stranger = client.retrieve("shoes", limit=20), client.retrieve("shoes", "never seen", limit=20)
    assert nobody.item_ids.tolist() == stranger.item_ids.tolist()
    assert stranger.degraded == ()
    assert stranger.newest_behavior is None


@pytest.mark.parametrize(
    "query", ["👟 adidas", "𠮷野家 shoes", "zażółć gęślą", "耐克 运动鞋", "\u202eshoes", "???", "shoes\x00"]
)
def test_any_text_is_answered(client: Client, query: str) -> None:
    answer = client.retrieve(query, limit=5, mode="off")
    assert len(answer) == 5
    assert answer.degraded == ()


def test_a_query_of_ten_kilobytes_is_refused_by_name(client: Client) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.retrieve("x" * 10_240)
    assert caught.value.field == "query"
    assert caught.value.cure == "send at most 1024"


def test_a_click_of_this_session_changes_the_answer(client: Client) -> None:
    at = datetime.fromtimestamp((NOON_MS - MINUTE_MS) / 1000, UTC)
    before = client.retrieve("running shoes", "user-7", limit=10)
    after = client.retrieve(
        "running shoes", "user-7", limit=10, recent_events=[SessionEvent("sku-3", Action.CLICK, at)]
    )
    # sku-3 is of adidas: the encoder leans towards the brands of the last day's clicks.
    assert _adidas_among(after) > _adidas_among(before)
    assert (before.newest_behavior, after.newest_behavior) == (None, at)


def _adidas_among(answer: Answer) -> int:
    return sum(int(item_id.removeprefix("sku-")) % 3 == 0 for item_id in answer.item_ids)


def test_stored_history_changes_the_answer_and_a_session_event_that_is_stored_does_not_count_twice(
    tmp_path: Path,
) -> None:
    shop = open_shop(tmp_path)
    shop.features.record([a_behavior("sku-3", user_id="user-1", minutes_ago=1)], [])
    click = SessionEvent("sku-3", Action.CLICK, datetime.fromtimestamp((NOON_MS - MINUTE_MS) / 1000, UTC))
    with serving(shop) as (_, client):
        stranger = client.retrieve("running shoes", limit=10)
        known = client.retrieve("running shoes", "user-1", limit=10)
        both = client.retrieve("running shoes", "user-1", limit=10, recent_events=[click])
    assert _adidas_among(known) > _adidas_among(stranger)
    assert both.item_ids.tolist() == known.item_ids.tolist()
    assert both.scores.tolist() == known.scores.tolist()


def test_many_requests_at_once_get_the_answers_that_each_gets_alone(client: Client) -> None:
    queries = [
        f"{brand} {thing} {number}"
        for number in range(5)
        for brand in ("adidas", "nike")
        for thing in ("shoes", "red dress")
    ]
    alone = [client.retrieve(query, limit=30, timeout_seconds=20) for query in queries]
    with ThreadPoolExecutor(len(queries)) as threads:
        together = list(threads.map(lambda query: client.retrieve(query, limit=30, timeout_seconds=20), queries))
    assert [answer.degraded for answer in together] == [()] * len(queries)
    for one, other in zip(alone, together, strict=True):
        assert one.item_ids.tolist() == other.item_ids.tolist()
        assert one.scores.tolist() == other.scores.tolist()


def test_debug_sends_each_channels_own_columns(client: Client, shop: Shop) -> None:
    answer = client.retrieve("summer dress", limit=10, debug=True, mode="off", channels={"vector": 0})
    report = answer.reports[0]
    encoder, index = shop.encoders["b-g-1"], shop.indexes.open("g_1")
    found = index.search(encoder.encode_queries([("summer dress", Windows())]), 10, timeout_seconds=5)
    assert report.item_ids == tuple(f"sku-{number}" for number in found.item_nos[0])
    assert report.scores.tolist() == found.scores[0].tolist()


def test_async_client_gets_the_same_answer(client: Client) -> None:
    async def ask() -> Answer:
        async with AsyncClient(client.address) as other:
            await other.wait_until_serving(10)
            return await other.retrieve("summer dress", limit=10)

    assert asyncio.run(ask()).item_ids.tolist() == client.retrieve("summer dress", limit=10).item_ids.tolist()


def test_what_the_index_holds_and_the_catalogue_does_not_is_dropped(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    ghost = an_item(999, title="red summer dress")
    shop.indexes.open("g_1").upsert(
        IndexRows(
            item_nos=np.array([999], np.int64),
            vectors=shop.encoders["b-g-1"].encode_items([ghost]),
            revisions=np.array([1], np.int64),
            brands=[ghost.brand],
            categories=["fashion/dresses"],
            shops=[ghost.shop],
            statuses=[1],
            titles=[ghost.title],
        )
    )
    with serving(shop) as (_, client):
        answer = client.retrieve("red summer dress", limit=10, debug=True)
    assert answer.dropped_by == {"unknown_item": 1}
    assert answer.dropped_item_ids == ("",)
    assert len(answer) == 10
    assert all(answer.item_ids)


def test_stock_status_and_titles_follow_the_catalogue_without_touching_the_index(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    with serving(shop) as (_, client):
        assert {"sku-2", "sku-4"} <= set(client.retrieve("red dress", limit=60).item_ids)
        shop.catalogue.apply(
            [
                ItemPatched(event_id="p-1", at_ms=NOON_MS, item_id=ItemId("sku-2"), source_version=2, stock=0),
                ItemRemoved(event_id="r-1", at_ms=NOON_MS, item_id=ItemId("sku-4"), source_version=2),
            ]
        )
        shop.stock([an_item(777, title="unheard-of gizmo", source_version=1)])
        answer = eventually(lambda: client.retrieve("gizmo", limit=60), lambda answer: "sku-777" in answer.item_ids)
        assert not {"sku-2", "sku-4"} & set(answer.item_ids)
        assert answer.dropped_by == {"status": 2}
        assert answer.catalogue_revision == ITEMS + 3
        # Found by its title only: no vector of it was ever made.
        assert answer.channels[answer.item_ids.tolist().index("sku-777")] == 1 << 2


def test_milvus_lite_answers_as_the_exact_index_does(tmp_path: Path) -> None:
    exact = open_shop(tmp_path)
    with serving(exact) as (_, client):
        expected = client.retrieve("adidas running shoes", limit=8)
    lite = Shop(exact.engine, indexes=MilvusStore(str(tmp_path / "milvus.db")))
    lite.publish("g-2")
    lite.promote("g-2")
    with serving(lite) as (_, client):
        answer = client.retrieve("adidas running shoes", limit=8)
        named = client.explain("sku-1", "adidas running shoes", limit=8)
    assert answer.generation_id == "g-2"
    assert answer.item_ids.tolist() == expected.item_ids.tolist()
    assert answer.scores.tolist() == expected.scores.tolist()
    assert named.in_index


def test_a_named_generation_is_answered_from_where_the_server_allows_it(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.publish("g-2", seed=7)
    with serving(shop, allow_generation_choice=True) as (_, client):
        named = client.retrieve("red dress", limit=5, generation_id="g-2", timeout_seconds=10)
        assert named.generation_id == "g-2"
        assert client.retrieve("red dress", limit=5).generation_id == "g-1"
    with serving(shop) as (_, client):
        assert client.retrieve("red dress", generation_id="g-1").generation_id == "g-1"
        with pytest.raises(InvalidRequest) as caught:
            client.retrieve("red dress", generation_id="g-2")
    assert caught.value.field == "generation_id"
    assert shop.registry.get(GenerationId("g-2")).state == "ready"


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)

    with Client(client.address) as beside:
        assert beside.status().generation_id == "g-1"
