"""What we answer: columns of equal length, never an object a candidate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Float32s, GenerationId, Int64s
from server.request import ChannelName
from server.understanding.intent import Intent

Verdicts = NDArray[np.uint8]
"""One Verdict a candidate, by number."""


class Verdict(IntEnum):
    """What relevance control says of a candidate; named after the rule that decided. The numbers are the wire's."""

    KEPT = 1
    STATUS = 2
    BRAND = 3
    CATEGORY = 4
    FILTER = 5
    UNKNOWN_ITEM = 6
    ATTRIBUTE = 7
    WORD = 8
    EXCLUDED = 9
    SCORE = 10


class Degraded(IntEnum):
    """Why an answer is smaller or less personal than it could be. The numbers are the wire's."""

    USER_FEATURES = 1
    CHANNEL_LATE = 2
    CHANNEL_FAILED = 3
    NOT_FILLED = 4


@dataclass(frozen=True, slots=True)
class Hits:
    """What one channel found, best first; every item once."""

    item_nos: Int64s
    scores: Float32s
    """The channel's own scores: they mean nothing beside another channel's."""

    def __len__(self) -> int:
        return len(self.item_nos)

    def first(self, count: int | None) -> "Hits":
        """The best `count` of them; None: all."""
        return Hits(self.item_nos[:count], self.scores[:count])


Found = tuple[ChannelName, Hits]
"""A channel, and what it found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What the channels found together, best first; every item once."""

    item_nos: Int64s
    scores: Float32s
    """Fused."""
    channels: NDArray[np.uint32]
    """Bit (1 << channel number) for each channel that found it."""
    ranks: NDArray[np.int32]
    """[channels asked, n]: place in that channel, 1 is best, 0 when it was not found there."""
    found: tuple[Found, ...] = ()
    """What each row of `ranks` counts in: its channel, and the hits in which rank 1 is the first. Empty: not known."""

    def __len__(self) -> int:
        return len(self.item_nos)

    def take(self, positions: Int64s) -> "Candidates":
        """The candidates at these positions, in this order."""
        return Candidates(
            item_nos=self.item_nos[positions],
            scores=self.scores[positions],
            channels=self.channels[positions],
            # Four times as quick as [:, positions].
            ranks=np.take(self.ranks, positions, axis=1),
            found=self.found,
        )

    def raw_scores(self) -> Float32s:
        """[channels asked, n]: the channel's own score, NaN where it did not find the item or has no score of it."""
        raw = np.full(self.ranks.shape, np.nan, np.float32)
        for row, (_, hits) in enumerate(self.found):
            here = np.flatnonzero(self.ranks[row])
            raw[row, here] = hits.scores[self.ranks[row, here] - 1]
        return raw


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReport:
    """What one channel did for this request."""

    channel: ChannelName
    hits: Hits
    milliseconds: float
    problem: str = ""
    """For a person; empty: all is well."""
    degraded: Degraded | None = None
    """None: all is well."""
    item_ids: Sequence[str] = ()
    """Of the hits, in their order; filled only for debug."""
    passed: int = 0
    """Hits that relevance control kept; 0 until it has judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How new the data behind an answer are."""

    newest_behavior_ms: int | None
    """None: no behaviour was used."""
    catalogue_revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The answer to one request."""

    request_id: str
    generation_id: GenerationId
    kept: Candidates
    kept_verdicts: Verdicts
    """KEPT, or the rule that was missed: in mode DEMOTE, or of a demand that was given up."""
    item_ids: Sequence[str]
    """Of `kept`, in its order."""
    dropped: Candidates
    dropped_verdicts: Verdicts
    dropped_item_ids: Sequence[str] = ()
    """Of `dropped`, in its order; filled only for debug. Empty for an item that the catalogue does not know."""
    judged: int
    dropped_by: Mapping[Verdict, int] = field(default_factory=dict)
    reports: tuple[ChannelReport, ...]
    freshness: Freshness
    degraded: tuple[Degraded, ...]
    intent: Intent
    relaxed: tuple[str, ...] = ()
    """Demands that were given up, in this order, because too few items meet them all: 'colour red'."""
