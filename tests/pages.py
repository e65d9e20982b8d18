"""Pages of the catalogue of items that a test invents, without a store."""

from collections.abc import Sequence

import numpy as np

from multigrain.catalog.change import StoredItem
from multigrain.catalog.item_page import ItemPage


def page_of(stored: Sequence[StoredItem]) -> ItemPage:
    """These items, in order of revision."""
    items = [one.item for one in stored]
    return ItemPage(
        item_nos=np.array([one.item_no for one in stored], np.int64),
        item_ids=[item.item_id for item in items],
        titles=[item.title for item in items],
        brands=[item.brand for item in items],
        category_paths=[item.category_path for item in items],
        shops=[item.shop for item in items],
        attributes=[item.attributes for item in items],
        price=np.array([item.price for item in items], np.float32),
        stock=np.array([item.stock for item in items], np.int32),
        status=np.array([item.status for item in items], np.uint8),
        revision=stored[-1].revision,
    )


def numbered_page(first: int, behind: int, *, brand: str = "adidas") -> ItemPage:
    """Items of these numbers, with the same revisions: `sku-2` and so on, all alike."""
    count = behind - first
    return ItemPage(
        item_nos=np.arange(first, behind),
        item_ids=[f"sku-{number}" for number in range(first, behind)],
        titles=["shoes"] * count,
        brands=[brand] * count,
        category_paths=[("sports", "shoes")] * count,
        shops=["shop-1"] * count,
        attributes=[{}] * count,
        price=np.full(count, 100.0, np.float32),
        stock=np.full(count, 10, np.int32),
        status=np.ones(count, np.uint8),
        revision=behind - 1,
    )
