"""What Explain advises is true: done, it puts the item into the answer."""

import random
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from multigrain import database
from multigrain.answers import Explanation
from multigrain.client import Client, Options
from multigrain.events import ItemPatched
from multigrain.key_terms import KeyTerm, TermKind
from multigrain.types import ItemId
from tests.builders import NOON_MS
from tests.flow.serving import TERMS, Shop, a_catalogue, eventually, open_shop, serving

RED = KeyTerm(kind=TermKind.ATTRIBUTE, name="colour", value="red", words=("red",), confidence=0.9)
V12 = KeyTerm(kind=TermKind.WORD, value="12", words=("12",), confidence=0.8)
COLOURS = ("red", "blue", "black")
FLOOR = 2
"""Some of the random queries are met by fewer, and demands are given up."""
SOLD_OUT = ("sku-9", "sku-20")
ADVICE = re.compile(
    r"(?P<stock>in stock)"
    r"|mode (?P<modes>OFF or DEMOTE|OFF|DEMOTE)"
    r"|a limit of (?P<limit>[\d,]+)"
    r"|a (?P<channel>\w+) quota of (?P<quota>[\d,]+)"
    r"|a filter that takes (?P<field>brand|category|shop|price) (?P<value>.+)"
    r"|no filter of the (?P<unfiltered>brand)"
    r"|without the demands? (?P<demands>.+)"
)
PLURAL = {"brand": "brands", "category": "categories", "shop": "shops"}


class Shops:
    """One shop, served with its whole dictionary and, where advice leaves a demand out, for a while without it."""

    def __init__(self, shop: Shop, client: Client) -> None:
        self._shop = shop
        self.client = client
        self._version = 2

    @contextmanager
    def without(self, demands: Collection[str]) -> Iterator[Client]:
        if not demands:
            yield self.client
            return
        terms = [term for term in self._shop.terms if f"{term.name or term.kind.value} {term.value}" not in demands]
        with serving(replace(self._shop, terms=terms), relax_floor=FLOOR) as (_, client):
            yield client

    def put_in_stock(self, item_id: str, stock: int, client: Client) -> None:
        self._version += 1
        patch = ItemPatched(
            event_id=f"p-{self._version}",
            at_ms=NOON_MS,
            item_id=ItemId(item_id),
            source_version=self._version,
            stock=stock,
        )
        self._shop.catalogue.apply([patch])
        revision = self._shop.catalogue.revision()
        eventually(lambda: client.status().catalogue_revision, lambda seen: seen >= revision)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder: Path = tmp_path_factory.mktemp("shop")
    engine = database.open_database(f"sqlite:///{folder / 'shop.db'}")
    database.upgrade(engine)
    shop = Shop(engine, terms=(*TERMS, RED, V12))
    shop.stock(
        [
            replace(
                item,
                attributes={"colour": COLOURS[number % 3]},
                stock=0 if item.item_id in SOLD_OUT else 5,
                price=item.price + 0.34,
            )
            for number, item in enumerate(a_catalogue(60), 7)
        ]
    )
    shop.publish()
    shop.promote()
    with serving(shop, relax_floor=FLOOR) as (_, client):
        yield Shops(shop, client)


def is_true(shops: Shops, said: str, item_id: str, query: str, options: Options) -> bool:
    """Whether the item is in the answer to the request that was changed as the advice has it."""
    asked, modes, without, stocked = options.copy(), [options.get("mode", "fill")], list[str](), False
    for part in said.split(", and "):
        found = ADVICE.fullmatch(part)
        assert found, f"no advice that this test knows: {part!r}"
        if found["limit"]:
            asked["limit"] = int(found["limit"].replace(",", ""))
        if found["quota"]:
            quota = int(found["quota"].replace(",", ""))
            asked["channels"] = {**asked.get("channels", {}), found["channel"]: quota}
        if found["modes"]:
            modes = found["modes"].lower().split(" or ")
        if found["field"] == "price":
            asked["max_price"] = max(float(found["value"]), asked.get("max_price", 0))
        elif found["field"]:
            asked["brands"] = (*asked.get("brands", ()), found["value"])
            assert found["field"] == "brand"
        if found["unfiltered"]:
            asked["brands"] = ()
        if found["demands"]:
            without = found["demands"].split(" and ")
        stocked |= bool(found["stock"])
    with shops.without(without) as client:
        if stocked:
            shops.put_in_stock(item_id, 1, client)
        answers = [client.retrieve(query, **{**asked, "mode": mode}) for mode in modes]
    if stocked:
        shops.put_in_stock(item_id, 0, shops.client)
    return all(item_id in answer.item_ids for answer in answers)


def explained(shops: Shops, item_id: str, query: str, **options: object) -> Explanation:
    """Explained, and every piece of advice done."""
    told: Options = options  # type: ignore[assignment]  # names that the test writes
    found = shops.client.explain(item_id, query, timeout_seconds=20, **told)
    for said in found.would_let_in:
        assert is_true(shops, said, item_id, query, told), f"{said!r} for {item_id} in {query!r} {options}"
    return found


def test_another_brand_needs_the_demand_away_or_another_mode(shops: Shops) -> None:
    found = explained(shops, "sku-1", "adidas shoes", limit=60)
    assert found.would_let_in == ("without the demand brand adidas", "mode OFF or DEMOTE")


def test_every_rule_that_it_fails_is_named_and_the_advice_is_past_all_of_them(shops: Shops) -> None:
    found = explained(shops, "sku-20", "red adidas shoes 12", limit=60, max_price=15.0, mode="strict")
    assert found.summary.startswith(
        "dropped: it is active, with 0 in stock; "
        "outside the filters (brand none, category fashion/dresses/summer dresses, shop shop-1, price 20.34); "
        "category is fashion/dresses/summer dresses, the query demands sports/shoes; "
        "brand is none, the query demands adidas; colour is black, the query demands red; its title does not hold 12 "
    )
    demands = "category sports/shoes and brand adidas and colour red and word 12"
    beside = "in stock, and a filter that takes price 20.34"
    assert found.would_let_in == (f"{beside}, and without the demands {demands}", f"{beside}, and mode OFF or DEMOTE")


def test_a_sold_out_item_needs_stock(shops: Shops) -> None:
    assert explained(shops, "sku-9", "adidas shoes", limit=60).would_let_in == ("in stock",)


def test_a_filter_of_another_brand_must_take_its_brand(shops: Shops) -> None:
    found = explained(shops, "sku-1", "shoes", limit=60, brands=("adidas",))
    assert found.would_let_in == ("a filter that takes brand nike",)


def test_behind_the_limit_a_longer_one_lets_it_in(shops: Shops) -> None:
    whole = shops.client.retrieve("shoes", limit=20)
    found = explained(shops, str(whole.item_ids[12]), "shoes", limit=3)
    [said] = found.would_let_in
    assert said.startswith("a limit of ")


def test_behind_a_quota_a_larger_one_lets_it_in(shops: Shops) -> None:
    only = {"vector": 4}
    far = shops.client.retrieve("shoes", limit=60, channels={"vector": 0}).item_ids[9]
    found = explained(shops, str(far), "shoes", limit=60, channels=only, mode="strict")
    rank = int(re.findall(r"vector (\d+) when asked deeper", found.summary)[0])
    assert found.summary == f"cut by the vector quota (vector {rank} when asked deeper)"
    assert found.would_let_in == (f"a vector quota of {rank}",)
    assert found.exact_ranks == {"vector": rank}, "the index is exact"


def test_what_the_shop_keeps_out_comes_back_with_its_rule_gone_or_in_mode_off(tmp_path: Path) -> None:
    rules = tmp_path / "relevance.rules"
    rules.write_text('"running shoes" must not brand nike\n')
    with serving(open_shop(tmp_path), relevance_file=rules) as (_, client):
        found = client.explain("sku-1", "running shoes", limit=60, timeout_seconds=20)
        assert found.summary.startswith("dropped: the shop keeps nike out of this query")
        assert found.would_let_in == ("brand nike not kept out", "mode OFF")
        assert "sku-1" in client.retrieve("running shoes", limit=60, mode="off").item_ids
        rules.write_text("# nothing\n")
        eventually(lambda: client.retrieve("running shoes", limit=60).item_ids, lambda found: "sku-1" in found)


def test_what_is_in_the_answer_needs_nothing(shops: Shops) -> None:
    first = str(shops.client.retrieve("shoes", limit=3).item_ids[0])
    found = explained(shops, first, "shoes", limit=3)
    assert (found.position, found.would_let_in) == (1, ())


def test_every_item_has_an_exact_rank_of_its_own(shops: Shops) -> None:
    ranks = {
        shops.client.explain(f"sku-{n}", "red shoes", limit=60, mode="off").exact_ranks["vector"] for n in range(1, 61)
    }
    assert ranks == set(range(1, 61))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_asked_the_advice_is_true(shops: Shops, seed: int) -> None:
    rng = random.Random(seed)
    advised = 0
    for _ in range(12):
        query = " ".join(rng.sample(["adidas", "nike", "shoes", "dress", "red", "running", "12"], rng.randint(1, 4)))
        options: dict[str, object] = {
            "limit": rng.choice((1, 3, 10, 60)),
            "mode": rng.choice(("fill", "strict", "demote")),
        }
        if rng.random() < 0.3:
            options["brands"] = (rng.choice(("adidas", "nike")),)
        if rng.random() < 0.3:
            options["max_price"] = float(rng.randint(5, 60))
        if rng.random() < 0.3:
            options["channels"] = {"vector": rng.randint(1, 20), "lexical": 0}
        item_id = f"sku-{rng.randint(1, 60)}"
        found = explained(shops, item_id, query, **options)
        assert not (found.position and found.would_let_in)
        advised += len(found.would_let_in)
    assert advised > 5
