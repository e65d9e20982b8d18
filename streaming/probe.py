"""How long a change takes from a producer to an answer: tried again and again with a user and an item of its own.

The only measure that has every part in it: broker, consumer, SQL, index, and the server's own refreshing. The item is
there for as long as one look lasts, in a shop of its own; the user's events are left out of the archive.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from multigrain.answers import Answer
from multigrain.events import PROBE_USER, Clicked, Event, ItemRemoved, ItemUpserted
from multigrain.telemetry import PROBE_LATE, PROBE_SECONDS
from multigrain.types import Item, ItemId, ItemStatus

PROBE_ITEM = ItemId("multigrain-probe")
PROBE_SHOP = "multigrain-probe"
PROBE_TITLE = "multigrain probe"
LOOK_EVERY_SECONDS = 0.01
PATIENCE_SECONDS = 30.0


class Ask(Protocol):
    """`multigrain.client.Client.retrieve`, with what a probe needs of it."""

    def __call__(self, query: str, user_id: str, *, shops: tuple[str, ...], limit: int, mode: str) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """One change and how long it took to be seen; None: not within PATIENCE_SECONDS."""

    what: str
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """`send` returns when the broker has the event; its time counts as well."""

    send: Callable[[Event], object]
    ask: Ask
    clock_ms: Callable[[], int]

    def look(self) -> list[Seen]:
        """A click, an item that comes in, and the same item leaving. Blocks until each is seen, or is late. Raises what
        `send` and `ask` raise.
        """
        seen = [self.click(), self.item_in(), self.item_out()]
        for one in seen:
            if one.seconds is None:
                PROBE_LATE.labels(one.what).inc()
            else:
                PROBE_SECONDS.labels(one.what).observe(one.seconds)
        return seen

    def click(self) -> Seen:
        """In the history of the user who is asked for."""
        at_ms = self.clock_ms()
        click = Clicked(event_id=_new_id(), at_ms=at_ms, user_id=PROBE_USER, item_id=PROBE_ITEM)
        return self._seen("click", click, lambda answer: _newest_ms(answer) >= at_ms)

    def item_in(self) -> Seen:
        """Into an answer. It was not there before, or must leave first."""
        at_ms = self.clock_ms()
        arrival = ItemUpserted(event_id=_new_id(), at_ms=at_ms, item=_item(at_ms))
        return self._seen("item in", arrival, lambda answer: PROBE_ITEM in answer.item_ids)

    def item_out(self) -> Seen:
        """From the answers again."""
        at_ms = self.clock_ms()
        removal = ItemRemoved(event_id=_new_id(), at_ms=at_ms, item_id=PROBE_ITEM, source_version=at_ms)
        return self._seen("item out", removal, lambda answer: PROBE_ITEM not in answer.item_ids)

    def _seen(self, what: str, event: Event, shows: Callable[[Answer], bool]) -> Seen:
        began = time.perf_counter()
        self.send(event)
        while not shows(self.ask(PROBE_TITLE, PROBE_USER, shops=(PROBE_SHOP,), limit=10, mode="off")):
            if time.perf_counter() - began > PATIENCE_SECONDS:
                return Seen(what, None)
            time.sleep(LOOK_EVERY_SECONDS)
        return Seen(what, time.perf_counter() - began)


def _newest_ms(answer: Answer) -> int:
    return round(answer.newest_behavior.timestamp() * 1000) if answer.newest_behavior else -1


def _item(at_ms: int) -> Item:
    """A version is the time: whatever probe was there before, this is newer."""
    return Item(
        item_id=PROBE_ITEM,
        title=PROBE_TITLE,
        brand=PROBE_SHOP,
        category_path=(PROBE_SHOP,),
        shop=PROBE_SHOP,
        price=1.0,
        stock=1,
        status=ItemStatus.ACTIVE,
        source_version=at_ms,
    )


def _new_id() -> str:
    return f"probe-{uuid.uuid4().hex}"
