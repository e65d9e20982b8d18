"""What a query demands, through a server: attributes and words of titles, fresh from the catalogue, and the cut-off."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from multigrain import database
from multigrain.cut_off import CutOff
from multigrain.key_terms import KeyTerm, TermKind
from multigrain.registry.generation import Generation
from server.generations.live import LiveGeneration
from tests.builders import an_item, an_upsert
from tests.flow.serving import Shop, eventually, serving

DIMS = 32
RED, BLUE, MODEL = (
    KeyTerm(kind=TermKind.ATTRIBUTE, name="colour", value="red", words=("red",), confidence=0.9),
    KeyTerm(kind=TermKind.ATTRIBUTE, name="colour", value="blue", words=("blue",), confidence=0.9),
    KeyTerm(kind=TermKind.WORD, value="v4032", words=("v4032",), confidence=0.9),
)
COLOURS = {1: "red", 2: "blue", 3: "", 4: "green", 5: "red", 6: "blue"}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Six headphones; those of even numbers are the v4032. One does not state its colour."""
    engine = database.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    database.upgrade(engine)
    made = Shop(engine, terms=(RED, BLUE, MODEL))
    made.stock(
        [
            an_item(
                number,
                title=f"headphones {'v4032' if number % 2 == 0 else 'v4033'}",
                attributes={"colour": colour} if colour else {},
            )
            for number, colour in COLOURS.items()
        ]
    )
    made.publish()
    made.promote()
    return made


def test_demanded_attributes_and_words_are_judged_on_the_catalogue(shop: Shop) -> None:
    with serving(shop) as (_, client):

        def found(query: str) -> list[str]:
            return sorted(client.retrieve(query, limit=10).item_ids)

        assert found("headphones") == [f"sku-{number}" for number in range(1, 7)]
        assert found("red headphones") == ["sku-1", "sku-3", "sku-5"]
        assert found("red or blue headphones") == ["sku-1", "sku-2", "sku-3", "sku-5", "sku-6"]
        assert found("headphones v4032") == ["sku-2", "sku-4", "sku-6"]
        blue = client.retrieve("blue headphones v4032", limit=10)
        assert sorted(blue.item_ids) == ["sku-2", "sku-6"]
        assert blue.dropped_by == {"attribute": 3, "word": 1}


def test_what_an_item_states_now_is_what_it_is_judged_on(shop: Shop) -> None:
    with serving(shop) as (_, client):

        def found() -> list[str]:
            return sorted(client.retrieve("red headphones v4032", limit=10).item_ids)

        assert found() == []
        repainted = an_item(2, title="headphones v4032", attributes={"colour": "red"}, source_version=2)
        renamed = an_item(1, title="headphones v4032", attributes={"colour": "red"}, source_version=2)
        shop.catalogue.apply([an_upsert(repainted), an_upsert(renamed)])

        assert eventually(found, lambda seen: len(seen) == 2) == ["sku-1", "sku-2"]


def test_below_the_cut_off_of_its_bundle_only_what_a_title_vouches_for_stays(shop: Shop) -> None:
    nothing_passes = CutOff(
        slope_weights=np.zeros(DIMS, np.float32),
        slope_bias=0.0,
        offset_weights=np.zeros(DIMS, np.float32),
        offset_bias=-100.0,
        least=0.5,
    )

    def load(generation: Generation) -> LiveGeneration:
        return replace(shop.load(generation), cut_off=nothing_passes)

    with serving(shop, load=load) as (_, client):
        answer = client.retrieve("v4033 unheard of", limit=10)
        off = client.retrieve("v4033 unheard of", limit=10, mode="off")
        demoted = client.retrieve("v4033 unheard of", limit=10, mode="demote")

    assert sorted(answer.item_ids) == ["sku-1", "sku-3", "sku-5"]
    assert answer.dropped_by == {"score": 3}
    assert len(off.item_ids) == 6
    assert sorted(demoted.item_ids[:3]) == ["sku-1", "sku-3", "sku-5"]
    assert len(demoted.item_ids) == 6
