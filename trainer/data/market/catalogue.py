"""The items as the catalogue table of the log layout."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import Int64s, ItemStatus
from trainer.data.logs import BRAND_SYNONYMS, CATALOG_SCHEMA
from trainer.data.market.items import MarketItems
from trainer.data.market.numbers import Ints, Rng
from trainer.data.market.titles import make_titles, shop_names
from trainer.data.market.words import COLOURS, FEATURES, FEATURES_EACH, GENDER_OF_TOP
from trainer.data.market.world import World

STOCK_MAX = 200


def item_names(rows: Ints) -> pa.Array:
    """The public ids of items by row."""
    return numbered("sku-", rows, 6)


def numbered(prefix: str, numbers: Ints | Int64s, digits: int) -> pa.Array:
    """'sku-000042': equal lengths sort as numbers do, up to `digits`."""
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(pa.array(numbers).cast(pa.string()), digits, "0"), "")


def make_catalogue(items: MarketItems, world: World, rng: Rng) -> pa.Table:
    """One row an item, in the order of the rows."""
    count = len(items)
    paths = pa.array([name for leaf in world.leaves for name in leaf.path])
    steps = (items.leaf[:, None] * 3 + np.arange(3, dtype=np.int32)).ravel()
    columns = {
        "item_id": item_names(np.arange(count, dtype=np.int32)),
        "title": make_titles(items, world, rng),
        "brand": pa.array([brand.name for brand in world.brands]).take(pa.array(items.brand)),
        "category_path": pa.ListArray.from_arrays(
            pa.array(np.arange(count + 1, dtype=np.int32) * 3), paths.take(pa.array(steps))
        ),
        "shop": shop_names(items, world),
        "price": pa.array(items.price),
        "stock": pa.array(rng.integers(0, STOCK_MAX, count)),
        "status": pa.repeat(ItemStatus.ACTIVE.name.lower(), count),
        "attributes": _attributes(items, world),
        "source_version": pa.array(np.ones(count, np.int64)),
        "listed_ms": pa.array(items.listed_ms),
    }
    return pa.table([columns[field.name].cast(field.type) for field in CATALOG_SCHEMA], schema=CATALOG_SCHEMA)


def _attributes(items: MarketItems, world: World) -> pa.Array:
    """Colour and feature of every item; gender and the brand's other names where there are any."""
    count = len(items)
    genders = [GENDER_OF_TOP.get(top.en) for top in world.tops]
    synonyms = ["|".join(brand.synonyms) or None for brand in world.brands]
    features = [feature.en for top in world.tops for feature in FEATURES[top.en]]
    values = [
        pa.array([colour.en for colour in COLOURS]).take(pa.array(items.colour)),
        pa.array(features).take(pa.array(items.top * FEATURES_EACH + items.feature)),
        pa.array(genders, pa.string()).take(pa.array(items.top)),
        pa.array(synonyms, pa.string()).take(pa.array(items.brand)),
    ]
    keys = pa.array(["colour", "feature", "gender", BRAND_SYNONYMS])
    there = np.stack([value.is_valid().to_numpy(zero_copy_only=False) for value in values], axis=1)
    # All first values, all second ones, ...: the flat list of item i is at i, i + count, i + 2 count, ...
    flat = pa.concat_arrays(values)
    places = (np.arange(count)[:, None] + np.arange(len(values)) * count)[there]
    kinds = np.broadcast_to(np.arange(len(values)), there.shape)[there]
    offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int32)
    return pa.MapArray.from_arrays(pa.array(offsets), keys.take(pa.array(kinds)), flat.take(pa.array(places)))
