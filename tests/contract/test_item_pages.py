"""Pages of the catalogue as columns, on both SQL stores."""

import sqlalchemy as sa

from multigrain.catalog.catalog import SqlCatalogue
from tests.builders import an_item, an_upsert


def test_a_stock_too_large_for_its_column_is_as_good_as_endless(engine: sa.Engine) -> None:
    catalogue = SqlCatalogue(engine)
    catalogue.apply([an_upsert(an_item(1, stock=2**40))])
    page = catalogue.page_since(0, 10)

    assert page is not None
    assert page.stock.tolist() == [2**31 - 1]


def test_pages_are_what_changed_as_columns(engine: sa.Engine) -> None:
    catalogue = SqlCatalogue(engine)
    changed = [
        an_item(1, brand="a"),
        an_item(2, title="红", category_path=("é", "b/c"), price=2.5),
        an_item(3, shop="", attributes={"colour": "红", 'a"b': "c\n"}),
    ]
    catalogue.apply([an_upsert(item) for item in changed])

    page = catalogue.page_since(1, 10)

    assert page is not None
    assert (page.item_nos.tolist(), page.revision, len(page)) == ([2, 3], 3, 2)
    assert (list(page.item_ids), list(page.titles)) == (["sku-2", "sku-3"], ["红", changed[2].title])
    assert list(page.category_paths) == [("é", "b/c"), ("sports", "shoes", "running shoes")]
    assert (list(page.brands), list(page.shops)) == (["adidas", "adidas"], ["shop-1", ""])
    assert (page.price.tolist(), page.stock.tolist(), page.status.tolist()) == ([2.5, 100.0], [10, 10], [1, 1])
    assert list(page.attributes) == [{}, {"colour": "红", 'a"b': "c\n"}]
    assert catalogue.page_since(3, 10) is None
