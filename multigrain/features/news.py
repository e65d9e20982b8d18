"""What a call brings: its events each once, and those of one user together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from multigrain.types import Behavior, UserId, UserQuery

UserEvent = Behavior | UserQuery
EventKey = tuple[str, int]
"""Event id and time. The time belongs to it because the raw events are kept by day (docs/adr/0010)."""


@dataclass(frozen=True, slots=True)
class News:
    """Events of one user, in the order in which they came."""

    behaviors: list[Behavior] = field(default_factory=list)
    queries: list[UserQuery] = field(default_factory=list)


def each_once(behaviors: Sequence[Behavior], queries: Sequence[UserQuery]) -> dict[EventKey, UserEvent]:
    """The events by their key. Of a key that is there twice, the first counts."""
    events: dict[EventKey, UserEvent] = {}
    for behavior in behaviors:
        events.setdefault((behavior.event_id, behavior.at_ms), behavior)
    for query in queries:
        events.setdefault((query.event_id, query.at_ms), query)
    return events


def by_user(events: Iterable[UserEvent]) -> dict[UserId, News]:
    """The events of each user."""
    of_user: dict[UserId, News] = {}
    for event in events:
        news = of_user.get(event.user_id)
        if news is None:
            news = of_user[event.user_id] = News()
        if isinstance(event, Behavior):
            news.behaviors.append(event)
        else:
            news.queries.append(event)
    return of_user
