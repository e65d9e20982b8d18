"""What is asked of us, checked and complete. Knows no wire format; `convert.py` vouches for every field."""

from dataclasses import dataclass, field
from enum import IntEnum

from multigrain.types import RETRIEVE_MAX, Action, GenerationId, ItemId, UserId

LIMIT_DEFAULT = 1000
LIMIT_MAX = RETRIEVE_MAX


class ChannelName(IntEnum):
    """A way to find candidates. The numbers are those of the wire: bit (1 << number) in an answer's mask."""

    VECTOR = 1
    LEXICAL = 2
    NEIGHBOURS = 3


USUAL_WEIGHTS = {ChannelName.VECTOR: 1.0, ChannelName.LEXICAL: 1.0, ChannelName.NEIGHBOURS: 0.3}
"""How much a channel counts where the request does not say. Neighbours know the user and not the query: if they count
as much as the others, they push what was asked for out of the answer (docs/neighbours.md has the figures).
"""


class RelevanceMode(IntEnum):
    """What happens to a candidate that misses a demand of the query."""

    FILL = 1
    STRICT = 2
    DEMOTE = 3
    OFF = 4


class FusionKind(IntEnum):
    """How channels become one list; a file each in fusion/. The numbers are the wire's."""

    RECIPROCAL_RANK = 1
    """By the sum of the channel's weight / (60 + rank)."""
    WEIGHTED_SCORES = 2
    """By the sum of the channel's weight times its score, scaled to 0..1 within the request."""
    INTERLEAVE = 3
    """In turns."""
    UNION = 4
    """One channel behind the other."""


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """Something the user did moments ago; the stream may not have delivered it yet."""

    item_id: ItemId
    action: Action
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Conditions that every candidate must meet: any of each list, all lists together. Empty demands nothing."""

    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """Paths ('sports/shoes') or names on any level ('running shoes')."""
    shops: tuple[str, ...] = ()
    min_price: float | None = None
    """None: no lower end."""
    max_price: float | None = None
    """None: no upper end."""


@dataclass(frozen=True, slots=True)
class ChannelQuota:
    """One channel to ask."""

    channel: ChannelName
    quota: int | None
    """At most this many candidates from it; None: as many as the limit."""
    weight: float = 1.0
    """How much it counts; INTERLEAVE and UNION do not read it."""


EVERY_CHANNEL = tuple(ChannelQuota(channel, None, weight) for channel, weight in USUAL_WEIGHTS.items())
"""What a request asks that names no channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One query of one user."""

    request_id: str
    query: str
    user_id: UserId | None = None
    """None: nobody we could know."""
    recent_events: tuple[SessionEvent, ...] = ()
    limit: int = LIMIT_DEFAULT
    filters: Filters = field(default_factory=Filters)
    channels: tuple[ChannelQuota, ...] = EVERY_CHANNEL
    """In the order in which INTERLEAVE and UNION take them."""
    mode: RelevanceMode = RelevanceMode.FILL
    fusion: FusionKind = FusionKind.RECIPROCAL_RANK
    generation_id: GenerationId | None = None
    """None: the live one."""
    debug: bool = False
    at_ms: int | None = None
    """Answer as of this moment. None: now."""
