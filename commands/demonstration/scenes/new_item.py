"""A new item comes through the stream and is found. Measured from its publication to the answer that holds it."""

import time

from commands.demonstration.scenes.scene import Figures, Stage
from commands.demonstration.shop import now_ms
from multigrain.errors import Unavailable
from multigrain.events import ItemUpserted
from multigrain.figures import Figure
from multigrain.types import Item, ItemId

DEPTH = 1000
"""Deep enough for the vector channel: nobody has clicked the item, and one word of its title was never seen before."""
PATIENCE_SECONDS = 15.0
EVERY_SECONDS = 0.02
NAME = "zephyrine"
"""A word that no title has: whoever finds the item found this one."""


def play(stage: Stage) -> Figures:
    """Brings an item of the cast's category into the shop."""
    item = _new_item(stage)
    query = f"{NAME} {stage.cast.category}"
    started = time.perf_counter()
    stage.shop.publish(ItemUpserted(event_id=f"up-{item.item_id}-1", at_ms=now_ms(), item=item))
    while True:
        # Not neighbours: they are counted from the past, which does not know it.
        answer = stage.client.retrieve(query, limit=DEPTH, channels={"vector": 0, "lexical": 0})
        rows = {row.item_id: row for row in answer.rows()}
        # Found by every channel: the vector index and the lexical one learn of it in different ways.
        if item.item_id in rows and len(rows[item.item_id].channels) == len(answer.reports):
            break
        if time.perf_counter() - started > PATIENCE_SECONDS:
            raise Unavailable(f"{item.item_id} was not found within {PATIENCE_SECONDS:g} s: see the log above")
        time.sleep(EVERY_SECONDS)
    milliseconds = (time.perf_counter() - started) * 1000
    found = rows[item.item_id]
    stage.output.table(
        f"4. A new item through the stream, asked for as {query!r}",
        ("item", "title", "rank>", "found by", "after>"),
        [(item.item_id, item.title, found.rank, " and ".join(found.channels), f"{milliseconds:,.0f} ms")],
    )
    stage.output.say("")
    return [
        Figure(name="item published to found by every channel", value=milliseconds, unit="ms"),
        Figure(name="rank of the new item", value=found.rank, unit="rank"),
    ]


def _new_item(stage: Stage) -> Item:
    """As another one of its category, under a new name."""
    like = next(item for item in stage.cast.items.values() if item.leaf_category == stage.cast.category)
    return Item(
        item_id=ItemId("sku-zephyrine"),
        title=f"{like.brand} {NAME} {stage.cast.category}",
        brand=like.brand,
        category_path=like.category_path,
        shop=like.shop,
        price=like.price,
        stock=25,
        source_version=1,
    )
