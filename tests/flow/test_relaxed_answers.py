"""Too few items meet every demand: what is given up, how it is told, and what stays."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from commands.main import main
from multigrain import database
from multigrain.answers import Demand
from multigrain.client import Client
from multigrain.key_terms import KeyTerm, TermKind
from multigrain.telemetry import RELAXED, VECTOR_PASSED
from tests.flow.serving import TERMS, Shop, a_catalogue, serving

RED = KeyTerm(kind=TermKind.ATTRIBUTE, name="colour", value="red", words=("red",), confidence=0.97)
QUERY = "red adidas shoes"
FLOOR = 8


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """60 items, 30 of them shoes, 10 of those of adidas, 5 of those red and 5 blue."""
    engine = database.open_database(f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.db'}")
    database.upgrade(engine)
    shop = Shop(engine, terms=(*TERMS, RED))
    shop.stock(
        [
            replace(item, attributes={"colour": "red" if number % 4 == 1 else "blue"})
            for number, item in enumerate(a_catalogue(60), 1)
        ]
    )
    shop.publish()
    shop.promote()
    with serving(shop, relax_floor=FLOOR, slow_ms=0.01) as (_, client):
        yield client


def test_the_colour_is_given_up_and_the_red_ones_come_first(client: Client) -> None:
    answer = client.retrieve(QUERY, limit=20)
    assert answer.relaxed == ("colour red",)
    assert [row.verdict for row in answer.rows()] == ["kept"] * 5 + ["attribute"] * 5


def test_no_more_is_given_up_than_the_limit_asks_for(client: Client) -> None:
    answer = client.retrieve(QUERY, limit=5)
    assert (answer.relaxed, len(answer)) == ((), 5)
    assert {row.verdict for row in answer.rows()} == {"kept"}


@pytest.mark.parametrize("mode", ["strict", "demote", "off"])
def test_other_modes_give_nothing_up(client: Client, mode: str) -> None:
    assert client.retrieve(QUERY, limit=20, mode=mode).relaxed == ()


def test_the_category_stays_however_few_there_are(client: Client) -> None:
    answer = client.retrieve("red nike shoes", limit=60, max_price=9.0)
    # Of items 1 to 9 the shoes are the odd ones: 1 and 7 are of nike, 3 and 9 of adidas, 5 of none.
    assert answer.relaxed == ("colour red", "brand nike")
    assert sorted(answer.item_ids) == ["sku-1", "sku-3", "sku-5", "sku-7", "sku-9"]
    assert str(answer.item_ids[0]) == "sku-1", "the one that is of nike and red"


def test_the_answer_tells_its_demands_and_who_says_so(client: Client) -> None:
    answer = client.retrieve(QUERY, limit=20)
    assert [str(demand) for demand in answer.demands] == ["brand adidas", "category sports/shoes", "colour red"]
    assert answer.demands[2] == Demand(
        kind="attribute", name="colour", value="red", confidence=0.97, words=("red",), source="catalogue"
    )


def test_each_channel_tells_how_many_of_its_hits_were_kept(client: Client) -> None:
    answer = client.retrieve(QUERY, limit=60, debug=True)
    kept = set(answer.item_ids)
    assert answer.reports
    for report in answer.reports:
        assert report.passed == len(kept & set(report.item_ids))
    [vector] = [report for report in answer.reports if report.channel == "vector"]
    assert (vector.hits, vector.passed) == (60, 10)


def test_demoted_hits_have_not_passed(client: Client) -> None:
    answer = client.retrieve(QUERY, limit=60, mode="demote", channels={"vector": 0})
    assert (len(answer), answer.reports[0].hits, answer.reports[0].passed) == (60, 60, 5)


def test_what_was_given_up_and_how_many_hits_passed_are_counted(client: Client) -> None:
    given_up = RELAXED.labels("colour")._value.get()
    shares = VECTOR_PASSED._sum.get()
    client.retrieve(QUERY, limit=60)
    assert RELAXED.labels("colour")._value.get() - given_up == 1
    assert VECTOR_PASSED._sum.get() - shares == pytest.approx(5 / 60), "by all the demands, before any is given up"


def test_explain_says_that_an_item_is_behind_those_that_meet_every_demand(client: Client) -> None:
    last = str(client.retrieve(QUERY, limit=20).item_ids[-1])
    told = client.explain(last, QUERY, limit=20)
    assert (told.position, told.verdict) == (10, "attribute")
    assert told.summary.endswith("behind what meets every demand: colour is blue, the query demands red")


def test_the_query_page_tells_demands_what_was_given_up_and_what_passed(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["query", QUERY, "--limit", "60", "--channel", "vector", "--address", client.address]
    assert main(asked) == 0
    shown = capsys.readouterr().out
    assert "colour red (catalogue, 0.97)" in shown
    assert "given up: colour red" in shown
    assert "vector 60 hits, 10 passed in" in shown
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["relaxed"] == ["colour red"]
    assert told["demands"][0]["kind"] == "brand"
    assert told["channels"][0]["passed"] == 10


def test_the_explain_page_ends_with_what_would_have_let_it_in(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    # A blue shoe of nike. Without the brand there are red ones enough, so the colour would not be given up.
    asked = ["explain", QUERY, "--item", "sku-7", "--limit", "60", "--address", client.address]
    advice = ["without the demands brand adidas and colour red", "mode OFF or DEMOTE"]
    assert main(asked) == 0
    shown = capsys.readouterr().out
    assert "sku-7 for 'red adidas shoes': not in the answer" in shown
    assert "dropped: brand is nike, the query demands adidas (" in shown
    assert shown.endswith(f"would have let it in:\n  {advice[0]}\n  {advice[1]}\n")
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["would_let_in"] == advice


def test_the_page_of_slow_requests_says_without_what_it_was_answered(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    client.retrieve("red adidas shoes so slow", limit=20)
    [slow] = [one for one in client.list_slow(1000).requests if one.query == "red adidas shoes so slow"]
    assert slow.relaxed == ("colour red",)
    assert [demand.value for demand in slow.demands] == ["adidas", "sports/shoes", "red"]
    assert main(["slow", "--limit", "1000", "--json", "--address", client.address]) == 0
    [told] = [one for one in json.loads(capsys.readouterr().out)["requests"] if one["query"] == slow.query]
    assert told["relaxed"] == ["colour red"]
