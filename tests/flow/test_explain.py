"""Explain: the whole way of one item."""

from collections.abc import Iterator

import pytest

from multigrain.client import Client
from multigrain.errors import InvalidRequest
from multigrain.events import ItemPatched
from multigrain.types import ItemId
from tests.builders import NOON_MS, an_item
from tests.flow.serving import eventually, open_shop, serving

QUERY = "adidas running shoes"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    shop = open_shop(tmp_path_factory.mktemp("shop"))
    with serving(shop) as (_, client):
        shop.catalogue.apply(
            [ItemPatched(event_id="p", at_ms=NOON_MS, item_id=ItemId("sku-9"), source_version=2, stock=0)]
        )
        shop.stock([an_item(900, title="zzz", brand="adidas")])
        eventually(lambda: client.status().catalogue_items, lambda count: count == 61)
        yield client


def test_an_item_of_the_answer_has_its_place_and_its_ranks(client: Client) -> None:
    answer = client.retrieve(QUERY, limit=5, debug=True)
    first = client.explain(str(answer.item_ids[0]), QUERY, limit=5)
    assert (first.position, first.verdict, first.in_index, first.in_catalogue) == (1, "kept", True, True)
    for report in answer.reports:
        if answer.item_ids[0] in report.item_ids:
            place = report.item_ids.index(answer.item_ids[0])
            assert first.ranks[report.channel] == place + 1
            assert first.scores[report.channel] == pytest.approx(float(report.scores[place]))
    assert first.summary.startswith("place 1 of 5")


def test_an_item_of_another_brand_was_dropped_by_that_rule(client: Client) -> None:
    told = client.explain("sku-1", QUERY, limit=60)
    assert (told.verdict, told.position) == ("brand", 0)
    assert told.summary.startswith("dropped: brand is nike, the query demands adidas (vector ")


def test_a_sold_out_item_was_dropped_by_its_status(client: Client) -> None:
    told = client.explain("sku-9", QUERY, limit=60)
    assert told.summary.startswith("dropped: it is active, with 0 in stock")


def test_an_item_behind_the_limit_was_cut(client: Client) -> None:
    whole = client.retrieve(QUERY, limit=10, channels={"vector": 60})
    told = client.explain(str(whole.item_ids[2]), QUERY, limit=2, channels={"vector": 60})
    assert (told.position, told.verdict) == (0, "kept")
    assert told.summary.startswith("cut by the limit: place 3, 2 were asked for (vector ")


def test_an_item_that_no_channel_brought_has_its_rank_from_a_deeper_look(client: Client) -> None:
    # Asked for one item only; sku-2 is a dress, so it is far away from shoes.
    told = client.explain("sku-2", "shoes", limit=1, mode="off")
    assert (told.position, told.ranks) == (0, {"vector": 0, "lexical": 0, "neighbours": 0})
    assert told.in_index
    assert "when asked deeper" in told.summary


def test_an_item_without_a_vector_is_not_in_the_index(client: Client) -> None:
    told = client.explain("sku-900", "adidas", limit=60)
    assert (told.in_catalogue, told.in_index) == (True, False)
    assert "the index of this generation does not hold it" in told.summary


def test_an_item_that_nobody_knows_is_told_so(client: Client) -> None:
    told = client.explain("no-such-item", QUERY)
    assert (told.in_catalogue, told.in_index, told.verdict) == (False, False, "unknown_item")


def test_a_wrong_field_of_the_request_inside_is_named_with_its_path(client: Client) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.explain("sku-1", "")
    assert caught.value.field == "request.query"
