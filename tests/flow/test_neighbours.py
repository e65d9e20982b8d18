"""The neighbours channel through a running server: what others chose together with what somebody just did."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from multigrain.answers import Answer, ChannelReport
from multigrain.client import Client, Options, SessionEvent
from multigrain.errors import Unavailable
from multigrain.registry.generation import Generation
from multigrain.types import Action, GenerationId
from server.channels import all_channels
from server.channels.channel import Channel
from server.channels.lexical_index import LexicalIndex
from server.generations.live import LiveGeneration
from server.generations.loading import bring_up
from server.generations.neighbourhood import Neighbourhood
from server.request import ChannelName
from server.understanding.tagger import Tagger
from tests.builders import NOON_MS, a_behavior
from tests.flow.serving import TERMS, Shop, open_shop, serving
from tests.flow.troubled import BrokenChannel
from tests.unit.test_neighbors import a_table

TABLE = a_table(
    {
        "gone": {},
        "sku-1": {"sku-3": 0.5, "gone": 0.5, "sku-5": 0.25},
        "sku-2": {"sku-4": 0.75},
        "sku-3": {"sku-1": 0.5},
        "sku-4": {},
        "sku-5": {},
    }
)
"""'gone' is not in the catalogue."""
QUERY = "running shoes"
A_MOMENT_AGO = datetime.fromtimestamp(NOON_MS / 1000, UTC) - timedelta(seconds=1)


def loading(shop: Shop) -> Callable[[Generation], LiveGeneration]:
    """As the shop loads, with neighbours."""

    def load(generation: Generation) -> LiveGeneration:
        encoder = shop.encoders[generation.bundle_id]
        return bring_up(generation, encoder, shop.indexes, Tagger(TERMS), shop.catalogue, Neighbourhood(TABLE))

    return load


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = open_shop(tmp_path_factory.mktemp("neighbours"))
    shop.features.record([a_behavior("sku-1", user_id="ann", minutes_ago=30)], [])
    return shop


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[Client]:
    with serving(shop, load=loading(shop)) as (_, client):
        yield client


def report_of(answer: Answer) -> ChannelReport:
    return next(report for report in answer.reports if report.channel == "neighbours")


def test_neighbours_are_asked_by_default_and_reported(client: Client) -> None:
    answer = client.retrieve(QUERY, "ann", limit=60, debug=True)
    report = report_of(answer)
    assert (report.problem, report.item_ids, report.scores.tolist()) == ("", ("sku-3", "sku-5"), [0.5, 0.25])
    assert answer.degraded == ()
    first = next(row for row in answer.rows() if row.item_id == "sku-3")
    assert first.channels == ("vector", "lexical", "neighbours")
    assert first.ranks["neighbours"] == 1


def test_a_click_of_a_moment_ago_brings_its_neighbours(client: Client) -> None:
    click = SessionEvent("sku-2", Action.CLICK, A_MOMENT_AGO)
    of_ann = report_of(client.retrieve(QUERY, "ann", recent_events=[click], debug=True))
    assert of_ann.item_ids == ("sku-4", "sku-3", "sku-5")
    assert of_ann.scores.tolist() == [0.75, 0.5 / 2, 0.25 / 2], "what was done before it counts half by now"
    of_nobody = report_of(client.retrieve(QUERY, recent_events=[click], debug=True))
    assert of_nobody.item_ids == ("sku-4",)


def test_neighbours_alone_are_found_among_what_the_query_demands(client: Client) -> None:
    click = SessionEvent("sku-2", Action.CLICK, A_MOMENT_AGO)
    asked: Options = {"channels": {"neighbours": 0}, "recent_events": [click]}
    assert list(client.retrieve("anything", "ann", **asked).item_ids) == ["sku-4", "sku-3", "sku-5"]
    assert list(client.retrieve("shoes", "ann", **asked).item_ids) == ["sku-3", "sku-5"], "sku-4 is a dress"


def test_a_user_without_history_gets_the_answer_of_the_other_channels(client: Client) -> None:
    answer = client.retrieve(QUERY, "nobody-yet", limit=10)
    assert (len(answer), answer.degraded, report_of(answer).hits, report_of(answer).problem) == (10, (), 0, "")


def test_explain_says_where_an_item_stood_among_the_neighbours(client: Client) -> None:
    told = client.explain("sku-5", QUERY, "ann", limit=60)
    assert told.ranks["neighbours"] == 2
    assert "neighbours 2" in told.summary


def test_a_bundle_without_neighbours_serves_without_them(shop: Shop) -> None:
    with serving(shop) as (_, client):
        answer = client.retrieve(QUERY, "ann", limit=10)
    assert (len(answer), answer.degraded, report_of(answer).hits, report_of(answer).problem) == (10, (), 0, "")


def test_an_index_that_is_opened_again_keeps_its_neighbours(shop: Shop) -> None:
    generation = shop.registry.get(GenerationId("g-1"))
    live = loading(shop)(generation)
    assert shop.reopen(live, generation).neighbours is live.neighbours


def test_neighbours_alone_are_no_answer_when_the_channels_that_know_the_query_fail(shop: Shop) -> None:
    def channels(titles: LexicalIndex) -> list[Channel]:
        real = all_channels(titles)
        return [one if one.name is ChannelName.NEIGHBOURS else BrokenChannel(one) for one in real]

    with serving(shop, load=loading(shop), channels=channels) as (_, client):
        with pytest.raises(Unavailable, match="vector failed: IndexUnavailable; lexical failed"):
            client.retrieve(QUERY, "ann")
        assert list(client.retrieve(QUERY, "ann", channels={"neighbours": 0}).item_ids) == ["sku-3", "sku-5"]
