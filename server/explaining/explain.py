"""Why one item is, or is not, in the answer to one request: the same trace, looked back at for this item.

Then the channels are asked deeper for it, its exact rank is counted, and what would have let it in is tried out. All of
that shares the call's deadline; what there is no time for is left out.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from multigrain.index.item_index import ItemIndex
from multigrain.types import GenerationId, ItemId
from server.channels.asking import ask_one
from server.channels.channel import Among, Channel
from server.deadline import Deadline
from server.explaining.changes import changes_for
from server.explaining.exact_rank import exact_rank
from server.explaining.letting_in import Trials, merged, place_of
from server.explaining.reasons import reasons
from server.pipeline import Pipeline, Trace
from server.relevance.policy import failures_of
from server.relevance.rule import Case
from server.request import LIMIT_MAX, ChannelName, Request
from server.result import ChannelReport, Verdict

SECONDS_MAX = 10.0
"""However long the caller would wait: it is one person's question, and takes cores from everybody's answers."""
LOOKING_SHARE = 0.4
"""Of the time left, for asking deeper and counting the exact rank: the rest is for what would have let the item in."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the item stood in one channel."""

    channel: ChannelName
    rank: int
    """1 is best; 0: not among the candidates that were asked for."""
    score: float
    """The channel's own; 0 where it has none."""
    deeper: int = 0
    """Its rank when the channel is asked as deep as it can be; 0: not even there, or nobody asked."""
    exact: int = 0
    """Of the vector channel: its rank among all items of the index; 0: not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The whole way of one item."""

    generation_id: GenerationId
    in_catalogue: bool
    in_index: bool
    places: tuple[Place, ...]
    verdict: Verdict
    position: int
    """In the answer, 1 is best; 0: not in it."""
    summary: str
    would_let_in: tuple[str, ...] = ()
    """Each by itself, and tried."""


async def explain(pipeline: Pipeline, request: Request, item_id: ItemId, deadline: Deadline) -> Explanation:
    """Answers the request once more, wholly from one generation, and looks for the item. Raises as `retrieve` does."""
    async with pipeline.leased(request.generation_id, deadline) as live:
        trace = await pipeline.trace(request, live, deadline)
        item_no = trace.case.columns.item_no_of(item_id)
        if item_no is None:
            return _unknown(trace)
        deadline = Deadline.after(min(SECONDS_MAX, deadline.left()))
        in_index = len(await asyncio.to_thread(live.index.rows_of, np.array([item_no], np.int64))) > 0
        ends_at = time.monotonic() + deadline.share(LOOKING_SHARE)
        places = await _places(pipeline.channels, trace, item_no, ends_at)
        explained = _explained(trace, request, item_no, places, in_index=in_index)
        if explained.position:
            return explained
        trials = Trials(pipeline, live, trace, item_no, deadline)
        return replace(explained, would_let_in=await _would_let_in(trials, request, _quotas(request, places)))


def _unknown(trace: Trace) -> Explanation:
    return Explanation(
        generation_id=trace.result.generation_id,
        in_catalogue=False,
        in_index=False,
        places=tuple(Place(report.channel, 0, 0.0) for report in trace.draft.reports),
        verdict=Verdict.UNKNOWN_ITEM,
        position=0,
        summary="not found: the catalogue does not know this item",
    )


async def _places(channels: Sequence[Channel], trace: Trace, item_no: int, ends_at: float) -> tuple[Place, ...]:
    """In every channel that was asked: as it was asked, and where it was not found, deeper."""
    by_name = {channel.name: channel for channel in channels}
    # Of the first draft: what filling found since says nothing of the place that the item had.
    places = []
    for report in trace.first.reports:
        place = _place(report, item_no)
        if not place.rank and report.degraded is None:
            place = await _looked_deeper(by_name[report.channel], trace, item_no, place, ends_at)
        if report.channel is ChannelName.VECTOR:
            place = await _exactly(by_name[report.channel], trace, item_no, place, ends_at)
        places.append(place)
    return tuple(places)


def _place(report: ChannelReport, item_no: int) -> Place:
    found = np.flatnonzero(report.hits.item_nos == item_no)
    if not len(found):
        return Place(report.channel, 0, 0.0)
    return Place(report.channel, int(found[0]) + 1, float(report.hits.scores[found[0]]))


async def _looked_deeper(channel: Channel, trace: Trace, item_no: int, place: Place, ends_at: float) -> Place:
    deepest = trace.question.live.max_k if channel.name is ChannelName.VECTOR else LIMIT_MAX
    k = min(deepest, trace.case.columns.size)
    found = _place(await ask_one(channel, trace.question, k, seconds=_left(ends_at)), item_no)
    return replace(place, deeper=found.rank, score=found.score)


async def _exactly(channel: Channel, trace: Trace, item_no: int, place: Place, ends_at: float) -> Place:
    """With its score and its rank by comparing every vector, where there is time for it."""
    only = Among(np.array([item_no], np.int64))
    own = await ask_one(channel, trace.question, 1, only=only, seconds=_left(ends_at))
    vector = trace.question.encoded
    if not len(own.hits) or vector is None:
        return place
    index: ItemIndex = trace.question.live.index
    rank = await asyncio.to_thread(exact_rank, index, vector, item_no, ends_at=ends_at)
    return replace(place, score=place.score if place.rank else float(own.hits.scores[0]), exact=rank)


def _left(ends_at: float) -> float:
    return max(0.0, ends_at - time.monotonic())


def _explained(
    trace: Trace, request: Request, item_no: int, places: tuple[Place, ...], *, in_index: bool
) -> Explanation:
    standing = place_of(trace, item_no)
    failures = _failures(trace, trace.draft.standard.case, request, item_no)
    if standing:
        verdict = Verdict(int(trace.draft.judgement.kept_verdicts[standing - 1]))
    else:
        verdict = failures[0] if failures else Verdict.KEPT
    return Explanation(
        generation_id=trace.result.generation_id,
        in_catalogue=True,
        in_index=in_index,
        places=places,
        verdict=verdict,
        position=standing if standing <= request.limit else 0,
        summary=_summary(trace, request, item_no, places, failures, standing, in_index=in_index),
    )


def _failures(trace: Trace, case: Case, request: Request, item_no: int) -> tuple[Verdict, ...]:
    """Every rule that it fails, the cut-off among them."""
    failures = failures_of(case, item_no, request.mode)
    dropped = np.flatnonzero(trace.draft.judgement.dropped.item_nos == item_no)
    if len(dropped) and trace.draft.judgement.dropped_verdicts[dropped[0]] == Verdict.SCORE:
        return (*failures, Verdict.SCORE)
    return failures


def _summary(
    trace: Trace,
    request: Request,
    item_no: int,
    places: Sequence[Place],
    failures: Sequence[Verdict],
    standing: int,
    *,
    in_index: bool,
) -> str:
    """The same as a sentence. `standing`: its place among everything that was kept; 0: it is not there."""
    where = ", ".join(_where(place) for place in places)
    missed = failures_of(trace.case, item_no, request.mode)
    if 0 < standing <= request.limit:
        why = f", behind what meets every demand: {reasons(trace.case, item_no, missed)}" if missed else ""
        return f"place {standing:,} of {len(trace.result.kept):,} ({where}){why}"
    if standing:
        return f"cut by the limit: place {standing:,}, {request.limit:,} were asked for ({where})"
    if failures:
        return f"dropped: {reasons(trace.draft.standard.case, item_no, failures)} ({where})"
    if not in_index:
        return f"not found: the index of this generation does not hold it ({where})"
    if behind := [f"the {name.name.lower()} quota" for name in _quotas(request, places)]:
        return f"cut by {' and '.join(behind)} ({where})"
    return f"not found: no channel has it among its hits ({where})"


def _where(place: Place) -> str:
    """'vector 3', 'lexical nowhere', or 'vector 1,843 when asked deeper'."""
    name = place.channel.name.lower()
    if place.rank:
        return f"{name} {place.rank:,}"
    return f"{name} {place.deeper:,} when asked deeper" if place.deeper else f"{name} nowhere"


def _quotas(request: Request, places: Sequence[Place]) -> Mapping[ChannelName, int]:
    """Channels whose quota the item stands behind, and the rank it has there."""
    limited = {one.channel: one.quota for one in request.channels if one.quota is not None}
    deeper = {place.channel: place.deeper for place in places if not place.rank and place.deeper}
    return {channel: min(LIMIT_MAX, rank) for channel, rank in deeper.items() if channel in limited}


async def _would_let_in(trials: Trials, request: Request, quotas: Mapping[ChannelName, int]) -> tuple[str, ...]:
    trace, item_no = trials.first, trials.item_no
    # Behind the limit it was cut by that alone, whatever it misses in mode DEMOTE. Against a dropped one every demand
    # counts, given up or not: without the others this one might not have been given up.
    failures = () if place_of(trace, item_no) else _failures(trace, trace.case, request, item_no)
    said: list[str] = []
    for change in changes_for(request, trace.case, item_no, failures):
        said += await trials.advice(change, quotas)
    return merged(said)
