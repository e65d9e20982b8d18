"""A store goes away under load and comes back: the consumer waits for it, catches up, and buries nothing."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass

from benchmarks.crashing.broker import Sender, open_sender
from benchmarks.crashing.comparison import differences
from benchmarks.crashing.found import read_scene
from benchmarks.crashing.history import without_bad_records
from benchmarks.crashing.life import Orders, real_consumer
from benchmarks.crashing.oracle import expected
from benchmarks.crashing.scene import ENCODER, Scene
from benchmarks.crashing.sent import Landed, Sent
from multigrain import database
from multigrain.errors import Unavailable
from streaming.commit import stored_positions

BATCH_RECORDS = 50
LONGEST_WAIT_SECONDS = 2.0
"""Between two tries. By itself the consumer would wait up to ten seconds; that is its back-off's affair."""
CATCH_UP_SECONDS = 180.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What a store's absence cost."""

    caught_up_seconds: float
    """From its return until everything sent was committed."""
    differences: Sequence[str]


def outage(scene: Scene, history: Sequence[Sent], away: AbstractContextManager[None], *, seconds: float) -> Outage:
    """While `away` is entered, a store is gone. A third of the history is sent before, while and after it is.

    Its bad records are left out: whatever is buried is a difference.
    """
    history = without_bad_records(history)
    third = len(history) // 3
    with open_sender(scene) as sender, _consuming(scene):
        landed = sender.send(history[:third])
        _wait_for(scene, landed)
        with away:
            landed += _send_slowly(sender, history[third : 2 * third], seconds)
        back = time.monotonic()
        landed += sender.send(history[2 * third :])
        _wait_for(scene, landed)
        caught_up = time.monotonic() - back
    found = differences(expected(landed), read_scene(scene), landed, ENCODER)
    return Outage(caught_up_seconds=caught_up, differences=found)


def _send_slowly(sender: Sender, records: Sequence[Sent], seconds: float) -> list[Landed]:
    """Spread over the time of the outage."""
    parts = max(1, round(seconds))
    landed: list[Landed] = []
    for part in range(parts):
        began = time.monotonic()
        landed += sender.send(records[part * len(records) // parts : (part + 1) * len(records) // parts])
        time.sleep(max(0.0, seconds / parts - (time.monotonic() - began)))
    return landed


@contextmanager
def _consuming(scene: Scene) -> Iterator[None]:
    """A consumer in a thread. What ends it is raised at the end of the block."""
    stop, failed = threading.Event(), list[BaseException]()
    orders = Orders(scene=scene, group=scene.name, batch_records=BATCH_RECORDS)

    def consume() -> None:
        try:
            with real_consumer(
                orders, lambda point: None, wait=lambda seconds: stop.wait(min(seconds, LONGEST_WAIT_SECONDS))
            ) as consumer:
                consumer.run_forever(stop)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=consume)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        if failed:
            raise failed[0]


def _wait_for(scene: Scene, landed: Sequence[Landed]) -> None:
    """Until all of these are committed. Raises TimeoutError."""
    ends = expected(landed).ends
    deadline = time.monotonic() + CATCH_UP_SECONDS
    engine = database.open_database(scene.database_url)
    try:
        while time.monotonic() < deadline:
            with suppress(Unavailable), database.reading(engine) as connection:
                if stored_positions(connection, ends) == ends:
                    return
            time.sleep(LOOK_SECONDS)
    finally:
        engine.dispose()
    raise TimeoutError(f"not everything was committed within {CATCH_UP_SECONDS:.0f} s")
