"""When each event of a replay is due. An open loop: who is late catches up, and the schedule never moves.

Knows no producer. One sleep lets a whole tick of events pass: at ten thousand a second nobody can sleep for each.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multigrain.events import Event

Due = Callable[[int, "Event"], float]
"""The event's number and the event -> after how many seconds it is due."""

TICK_SECONDS = 0.01


def at_once(number: int, event: "Event") -> float:
    return 0.0


def at_rate(events_a_second: float) -> Due:
    """So many a second, evenly."""

    def due(number: int, event: "Event") -> float:
        return number / events_a_second

    return due


def at_speed(times: float) -> Due:
    """As users went, so many times faster. The catalogue goes first, at once: when it was listed has no pace."""
    from multigrain.events import BehaviorEvent

    first_ms: list[int] = []

    def due(number: int, event: "Event") -> float:
        if not isinstance(event, BehaviorEvent):
            return 0.0
        if not first_ms:
            first_ms.append(event.at_ms)
        return (event.at_ms - first_ms[0]) / 1000 / times

    return due


def paced(
    events: "Iterable[Event]",
    due: Due,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], object],
    stopped: Callable[[], bool],
) -> "Iterator[Event]":
    """Each event when it is due, at most a tick early; ends when `stopped`. `sleep` may return early then."""
    began = clock()
    for number, event in enumerate(events):
        wait = due(number, event) - (clock() - began)
        if wait > TICK_SECONDS:
            sleep(wait)
        if stopped():
            return
        yield event
