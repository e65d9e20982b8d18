"""A shop that goes on changing: prices, stock and clicks at a steady rate, from a thread, as long as a block lasts."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.serving.scene import Scene
from benchmarks.serving.shoppers import user_id
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.events import ItemPatched
from multigrain.features.sql import SqlFeatureStore
from multigrain.registry.sql import wall_clock_ms
from multigrain.types import Action, Behavior

EACH_SECOND = 20
"""Items that are patched, and clicks that are recorded."""
STRIDE = 7_919
"""Prime: each item comes up before any comes again."""


@contextmanager
def changing(scene: Scene) -> Iterator[None]:
    """Changes come once a second, as many at once as fall due in it. What the thread died of is raised at the end."""
    stopped = threading.Event()
    died: list[BaseException] = []

    def change() -> None:
        catalogue, features = SqlCatalogue(scene.engine), SqlFeatureStore(scene.engine)
        try:
            for tick in itertools.count():
                numbers = range(tick * EACH_SECOND, (tick + 1) * EACH_SECOND)
                catalogue.apply([_patch(scene, number) for number in numbers])
                features.record([_click(scene, number) for number in numbers], [])
                if stopped.wait(1.0):
                    return
        except BaseException as error:  # whatever it was, the run is worth nothing
            died.append(error)

    thread = threading.Thread(target=change, name="changes")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
    if died:
        raise died[0]


def _patch(scene: Scene, number: int) -> ItemPatched:
    now_ms = wall_clock_ms()
    item_id = scene.shop.item_id(number * STRIDE % scene.extent.items)
    # Versions of a kept scene must grow from run to run.
    return ItemPatched(
        event_id=f"patch-{now_ms}-{number}",
        at_ms=now_ms,
        item_id=item_id,
        source_version=time.time_ns(),
        price=10 + number % 90,
        stock=5 + number % 50,
    )


def _click(scene: Scene, number: int) -> Behavior:
    now_ms = wall_clock_ms()
    item = scene.shop.item(number * STRIDE % scene.extent.items)
    return Behavior(
        event_id=f"click-{now_ms}-{number}",
        user_id=user_id(number * STRIDE % scene.extent.users),
        item_id=item.item_id,
        action=Action.CLICK,
        at_ms=now_ms,
        leaf_category=item.leaf_category,
        top_category=item.top_category,
        brand=item.brand,
        shop=item.shop,
    )
