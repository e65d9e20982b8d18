"""What items state of their attributes, in the columns."""

import numpy as np
import pytest

from multigrain.catalog import attribute_table
from multigrain.catalog.attribute_table import BRAND_SYNONYMS
from multigrain.catalog.columns import CatalogueColumns
from tests.listed import KINDS, Followed, Listed
from trainer.data import logs


@pytest.fixture
def catalogue() -> Listed:
    return Listed()


@pytest.fixture(params=KINDS)
def columns_in(request: pytest.FixtureRequest) -> Followed:
    """In each kind of memory."""
    return KINDS[request.param]()


def test_an_item_states_what_its_newest_revision_says(catalogue: Listed, columns_in: Followed) -> None:
    catalogue.put(1, attributes={"colour": "red", "size": "42"})
    catalogue.put(2, attributes={})
    before = columns_in.follow(catalogue)
    assert (before.attributes_of(1), before.attributes_of(2)) == ({"colour": "red", "size": "42"}, {})

    catalogue.put(1, attributes={"size": "43"})
    after = columns_in.follow(catalogue)

    assert after.attributes_of(1) == {"size": "43"}
    assert after.attributes_of(99) == after.attributes_of(0) == {}
    assert CatalogueColumns().attributes_of(1) == {}


def test_values_that_no_query_could_mean_are_left_out(catalogue: Listed, columns_in: Followed) -> None:
    fits, too_long = "红" * 21 + "x", "红" * 21 + "xx"  # 3 * 21 + 1 = 64 bytes, and 65
    catalogue.put(
        1, attributes={"a": fits, "b": too_long, "c": "", "d": "x" * 65, "e": "x" * 64, BRAND_SYNONYMS: "adi|adidass"}
    )

    assert columns_in.follow(catalogue).attributes_of(1) == {"a": fits, "e": "x" * 64}


def test_of_more_attributes_than_fit_the_first_by_name_stay(catalogue: Listed, columns_in: Followed) -> None:
    many = {f"name {number}": "value" for number in range(12, 0, -1)}
    catalogue.put(1, attributes=many)

    stated = columns_in.follow(catalogue).attributes_of(1)

    assert sorted(stated) == sorted(many)[:8]


def test_an_attribute_of_countless_values_gets_no_further_ones(
    catalogue: Listed, columns_in: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribute_table, "VALUES_MAX", 2)
    for number in range(1, 5):
        # Its name is the first: were it kept, it would take a place from the others.
        catalogue.put(number, attributes={"bar code": str(number), "colour": "red"})

    columns = columns_in.follow(catalogue)

    assert [columns.attributes_of(number).get("bar code") for number in range(1, 5)] == ["1", "2", None, None]
    assert columns.attribute_slots[4, 1] == 0
    assert {columns.attributes_of(number)["colour"] for number in range(1, 5)} == {"red"}


def test_all_attributes_together_have_an_end(
    catalogue: Listed, columns_in: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribute_table, "CODES_MAX", 3)
    catalogue.put(1, attributes={"a": "1", "b": "2", "c": "3"})
    catalogue.put(2, attributes={"a": "1", "d": "4"})

    columns = columns_in.follow(catalogue)

    assert (columns.attributes_of(1), columns.attributes_of(2)) == ({"a": "1", "b": "2"}, {"a": "1"})


def test_a_value_leads_to_its_code_and_a_name_to_those_of_all_its_values(
    catalogue: Listed, columns_in: Followed
) -> None:
    catalogue.put(1, attributes={"colour": "red"})
    catalogue.put(2, attributes={"colour": "blue", "size": "red"})

    table = columns_in.follow(catalogue).attribute_table

    assert [table.key_of(code) for code in table.codes_named("colour")] == [("colour", "red"), ("colour", "blue")]
    assert [table.key_of(code) for code in table.codes([("size", "red"), ("size", "blue")])] == [("size", "red")]
    assert table.codes_named("weight").tolist() == []


def test_a_page_whose_items_state_nothing_is_taken(catalogue: Listed, columns_in: Followed) -> None:
    catalogue.put(1)

    columns = columns_in.follow(catalogue)

    assert columns.attribute_slots.tolist() == np.zeros((2, 8)).tolist()


def test_the_logs_name_the_other_names_of_a_brand_alike() -> None:
    assert logs.BRAND_SYNONYMS == BRAND_SYNONYMS
