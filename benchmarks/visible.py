"""`multigrain bench visible`: from a producer to an answer, while events come at a steady rate.

The consumer and the server are processes of their own, on the stores and the broker of the settings; the encoder has no
model in it. What is timed is what a shop sees: from the moment before a record is sent to that when an answer shows it.
The looks' own rhythm of 10 ms is in it, and the time of a Retrieve.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.bench import Bench, Size
from multigrain.client import Client
from multigrain.figures import Figure
from multigrain.registry.sql import wall_clock_ms
from multigrain.settings import Settings
from streaming.probe import Probe, Seen

LOOKS = {Size.SMALL: 20, Size.ONE_MILLION: 300}
"""Of each kind; by size only because a p99 of twenty is the slowest."""
CLICKS_PER_SECOND, ITEMS_PER_SECOND = 1_000, 100
CLICK_MS, ITEM_MS = 300.0, 2_000.0
"""At p99."""
SETTLE_SECONDS = 3.0


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    if settings.kafka.bootstrap is None or "://" not in settings.milvus_uri:
        say("nothing to measure: set kafka.bootstrap and milvus.uri")
        return []
    # Only here: the other benches need no Kafka client.
    from benchmarks.visibility.load import changed_items, clicks, steady
    from benchmarks.visibility.street import open_street, running_server, running_stream
    from streaming.sender import Sender

    with (
        open_street(settings, settings.kafka.bootstrap, say) as street,
        running_stream(street),
        running_server(street) as address,
        Sender(street.bootstrap, street.kafka) as sender,
        Client(address, timeout_seconds=30) as client,
    ):
        client.wait_until_serving(60)
        probe = Probe(send=sender.send, ask=client.retrieve, clock_ms=wall_clock_ms)
        probe.look()  # the consumer joins its group; first calls build what later ones use
        with steady(street, clicks(), CLICKS_PER_SECOND):
            clicked = _looks(LOOKS[size], probe.click, lambda at: say(f"clicks, look {at:,}"))
        with steady(street, changed_items(), ITEMS_PER_SECOND):
            came = _looks(LOOKS[size], probe.item_in, lambda at: say(f"items, look {at:,}"), probe.item_out)
    return [
        *_figures(f"click, beside {CLICKS_PER_SECOND:,} clicks a second", clicked, CLICK_MS),
        *_figures(f"item, beside {ITEMS_PER_SECOND:,} changed items a second", came, ITEM_MS),
    ]


def _looks(
    count: int, look: Callable[[], Seen], tell: Callable[[int], None], undo: Callable[[], Seen] | None = None
) -> list[float]:
    """Milliseconds of each look. One that was never answered raises RuntimeError."""
    time.sleep(SETTLE_SECONDS)
    took = []
    for number in range(count):
        tell(number)
        seen = look()
        if seen.seconds is None:
            raise RuntimeError(f"a {seen.what} was not seen at all: a p99 of the others would say nothing")
        took.append(seen.seconds * 1e3)
        if undo is not None:
            undo()
    return took


def _figures(name: str, took: Sequence[float], target: float) -> list[Figure]:
    return [
        Figure.of(f"{name}, p50", took, "ms"),
        Figure(name=f"{name}, p99", value=float(np.percentile(took, 99)), unit="ms", target=target),
    ]


BENCH = Bench(
    name="visible", summary="from a producer to an answer, beside a steady stream", sizes=tuple(LOOKS), run=_run
)
