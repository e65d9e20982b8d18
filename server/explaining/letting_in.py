"""What would have let an item into the answer. Every piece of advice is tried before it is given: the request is
answered once more as the advice has it, and the item must be there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.errors import Unavailable
from server.deadline import Deadline
from server.explaining.changes import Change
from server.generations.live import LiveGeneration
from server.pipeline import Pipeline, Supposed, Trace
from server.request import LIMIT_MAX, ChannelName

STEPS = (1.0, 1.25, 2.0, 4.0)
"""Of the place that an item has in a long answer: in a shorter one it may stand farther back, for fewer channels may
have come to it."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Answers to the same request, put otherwise. All from one generation."""

    pipeline: Pipeline
    live: LiveGeneration
    first: Trace
    """The answer as it was."""
    item_no: int
    deadline: Deadline

    async def advice(self, change: Change, deeper: Mapping[ChannelName, int]) -> list[str]:
        """What to say if this change, or with it another limit or quota, lets the item in; empty: nothing was found, or
        the time is up. `deeper`: its rank in each channel that has a quota, when that is asked deeper.
        """
        place = await self._place(change)
        if 0 < place <= change.request.limit:
            return [change.told()] if change.words else []
        limited = await self._with_a_limit(change, place)
        said = [limited.told()] if limited is not None else []
        for channel, rank in deeper.items():
            allowed = change.with_quota(channel, rank)
            place = await self._place(allowed)
            if 0 < place <= allowed.request.limit:
                said.append(allowed.told())
            elif place and limited is None and (both := await self._with_a_limit(allowed, place)) is not None:
                said.append(both.told())
        return said

    async def _with_a_limit(self, change: Change, place: int) -> Change | None:
        """The change with a limit that lets the item in. `place`: where it stood behind the limit; 0: nowhere."""
        if place == 0:
            place = await self._place(change.limited(LIMIT_MAX))
        limits = {min(LIMIT_MAX, math.ceil(place * step)) for step in STEPS} if place else set()
        for limit in sorted(limit for limit in limits if limit > change.request.limit):
            if 0 < await self._place(change.limited(limit)) <= limit:
                return change.limited(limit)
        return None

    async def _place(self, change: Change) -> int:
        """Where the item stands among all that is kept; 0: nowhere, or nothing can be said in the time left."""
        if self.deadline.left() <= 0:
            return 0
        supposed = Supposed(intent=change.intent, columns=change.columns)
        try:
            trace = await self.pipeline.trace(change.request, self.live, self.deadline, supposed)
        except (TimeoutError, Unavailable):
            return 0
        if not set(trace.result.degraded) <= set(self.first.result.degraded):
            return 0  # a channel that is missing would have stood in its way, or beside it
        return place_of(trace, self.item_no)


def place_of(trace: Trace, item_no: int) -> int:
    """Where the item stands among everything that was kept, 1 is best; 0: it is not there."""
    found = np.flatnonzero(trace.draft.judgement.kept.item_nos == item_no)
    return int(found[0]) + 1 if len(found) else 0


def merged(advice: Sequence[str]) -> tuple[str, ...]:
    """Two modes that do the same are one piece of advice: 'mode OFF or DEMOTE'."""
    told: list[str] = []
    for said in dict.fromkeys(advice):
        other = said.replace("mode DEMOTE", "mode OFF")
        if other != said and other in told:
            told[told.index(other)] = other.replace("mode OFF", "mode OFF or DEMOTE")
        else:
            told.append(said)
    return tuple(told)
