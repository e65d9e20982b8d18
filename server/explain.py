"""Why one item is, or is not, in the answer to one request: the same trace, looked back at for this item."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.types import GenerationId, ItemId, ItemStatus
from server.channels.asking import ask_one
from server.channels.channel import Channel
from server.deadline import Deadline
from server.pipeline import Pipeline, Trace
from server.relevance.policy import verdicts_of
from server.request import ChannelName, Request
from server.result import ChannelReport, Verdict


@dataclass(frozen=True, slots=True)
class Place:
    """Where the item stood in one channel."""

    channel: ChannelName
    rank: int
    """1 is best; 0: not among the candidates that were asked for."""
    score: float
    """The channel's own; 0 where it has none."""


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


async def explain(pipeline: Pipeline, request: Request, item_id: ItemId, deadline: Deadline) -> Explanation:
    """Answers the request once more, wholly from one generation, and looks for the item. Raises as `retrieve` does."""
    async with pipeline.leased(request.generation_id, deadline) as live:
        trace = await pipeline.trace(request, live, deadline)
        item_no = trace.case.columns.item_no_of(item_id)
        if item_no is None:
            return _unknown(trace)
        held = await asyncio.to_thread(live.index.rows_of, np.array([item_no], np.int64))
        deeper = await _look_deeper(pipeline.channels, trace, item_no, deadline) if len(held) else 0
        return _explained(trace, request, item_no, in_index=len(held) > 0, deeper=deeper)


async def _look_deeper(channels: Sequence[Channel], trace: Trace, item_no: int, deadline: Deadline) -> int:
    """Its rank in the vector channel when it is asked as deep as it can be; 0: not there, or no need or time to ask."""
    reports = [report for report in trace.draft.reports if report.channel is ChannelName.VECTOR]
    if not reports or _place(reports[0], item_no).rank:
        return 0
    vector = next(channel for channel in channels if channel.name is ChannelName.VECTOR)
    k = min(trace.question.live.max_k, trace.case.columns.size)
    return _place(await ask_one(vector, trace.question, k, seconds=deadline.left()), item_no).rank


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


def _explained(trace: Trace, request: Request, item_no: int, *, in_index: bool, deeper: int) -> Explanation:
    places = tuple(_place(report, item_no) for report in trace.draft.reports)
    verdict = Verdict(int(verdicts_of(trace.case, np.array([item_no], np.int64), request.mode)[0]))
    found = np.flatnonzero(trace.draft.judgement.kept.item_nos == item_no)
    standing = int(found[0]) + 1 if len(found) else 0
    return Explanation(
        generation_id=trace.result.generation_id,
        in_catalogue=True,
        in_index=in_index,
        places=places,
        verdict=verdict,
        position=standing if standing <= request.limit else 0,
        summary=_summary(trace, request, item_no, _where(places, deeper), verdict, standing, in_index=in_index),
    )


def _place(report: ChannelReport, item_no: int) -> Place:
    found = np.flatnonzero(report.hits.item_nos == item_no)
    if not len(found):
        return Place(report.channel, 0, 0.0)
    return Place(report.channel, int(found[0]) + 1, float(report.hits.scores[found[0]]))


def _where(places: Sequence[Place], deeper: int) -> str:
    """'vector 3, lexical nowhere', or 'vector 1,843 when asked deeper'."""
    told = []
    for place in places:
        name = place.channel.name.lower()
        if place.rank or place.channel is not ChannelName.VECTOR or not deeper:
            told.append(f"{name} {f'{place.rank:,}' if place.rank else 'nowhere'}")
        else:
            told.append(f"{name} {deeper:,} when asked deeper")
    return ", ".join(told)


def _summary(
    trace: Trace, request: Request, item_no: int, where: str, verdict: Verdict, standing: int, *, in_index: bool
) -> str:
    """The same as a sentence. `standing`: its place among everything that was kept; 0: it is not there."""
    if 0 < standing <= request.limit:
        behind = "" if verdict is Verdict.KEPT else f", behind what meets every demand: {_why(trace, item_no, verdict)}"
        return f"place {standing:,} of {len(trace.result.kept):,} ({where}){behind}"
    if standing:
        return f"cut by the limit: place {standing:,}, {request.limit:,} were asked for ({where})"
    if verdict is not Verdict.KEPT:
        return f"dropped: {_why(trace, item_no, verdict)} ({where})"
    if not in_index:
        return f"not found: the index of this generation does not hold it ({where})"
    return f"not found: no channel has it among its hits ({where})"


def _why(trace: Trace, item_no: int, verdict: Verdict) -> str:
    columns, intent = trace.case.columns, trace.case.intent
    brand = columns.brand_of(item_no) or "none"
    path = "/".join(columns.category_path_of(item_no))
    status = ItemStatus(int(columns.status[item_no]))
    reasons = {
        Verdict.STATUS: f"it is {status.name.lower()}, with {columns.stock[item_no]} in stock",
        Verdict.FILTER: f"outside the filters (brand {brand}, category {path}, price {columns.price[item_no]:g})",
        Verdict.BRAND: f"brand is {brand}, the query demands {' or '.join(intent.brand_names)}",
        Verdict.CATEGORY: f"category is {path}, the query demands {' or '.join(intent.category_paths)}",
    }
    return reasons[verdict]
