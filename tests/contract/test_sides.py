"""Side features as the catalogue has them, on both databases."""

import sqlalchemy as sa

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.features.sides import Sides, sides_of
from multigrain.types import ItemId
from tests.builders import an_item, an_upsert


def of(engine: sa.Engine, *item_ids: str) -> dict[ItemId, Sides]:
    with database.reading(engine) as connection:
        return sides_of(connection, [ItemId(item_id) for item_id in item_ids])


def test_the_ends_of_the_path_the_brand_and_the_shop_of_each_item_come_back(engine: sa.Engine) -> None:
    one_level = an_item(2, category_path=("toys",), brand="", shop="shop-2")
    SqlCatalogue(engine).apply([an_upsert(an_item(1)), an_upsert(one_level)])

    assert of(engine, "sku-1", "sku-2") == {
        "sku-1": Sides("running shoes", "sports", "adidas", "shop-1"),
        "sku-2": Sides("toys", "toys", "", "shop-2"),
    }


def test_an_item_that_is_not_there_is_left_out_and_none_is_no_question(engine: sa.Engine) -> None:
    SqlCatalogue(engine).apply([an_upsert(an_item(1))])

    assert list(of(engine, "sku-404", "sku-1")) == ["sku-1"]
    assert of(engine) == {}


def test_texts_that_look_like_json_stay_texts(engine: sa.Engine) -> None:
    SqlCatalogue(engine).apply([an_upsert(an_item(1, category_path=("null", "7", '"靴" {x}'), brand="1e3"))])

    assert of(engine, "sku-1")[ItemId("sku-1")] == Sides('"靴" {x}', "null", "1e3", "shop-1")


def test_more_items_than_one_statement_may_name_are_found(engine: sa.Engine) -> None:
    SqlCatalogue(engine).apply([an_upsert(an_item(number)) for number in (1, 1_500)])

    assert set(of(engine, *(f"sku-{number}" for number in range(2_000)))) == {"sku-1", "sku-1500"}
