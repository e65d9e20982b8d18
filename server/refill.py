"""Fills the holes that relevance control left: asks the vector channel deeper until the limit is reached, nothing more
can be found, or the time is up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from multigrain.index.item_index import HardFilter
from server.channels.asking import ask_one
from server.channels.channel import Channel, Question, ranked
from server.deadline import Deadline
from server.draft import Draft, draft
from server.relevance.policy import count_passing
from server.relevance.push_down import push_down
from server.relevance.rule import Case
from server.request import ChannelName, RelevanceMode, Request
from server.result import ChannelReport, Degraded


@dataclass(frozen=True, slots=True)
class Look:
    """One more search: how deep, and among which items."""

    k: int
    only: HardFilter | None
    """None: among all."""


async def refill(
    first: Draft, request: Request, case: Case, question: Question, channels: Sequence[Channel], deadline: Deadline
) -> tuple[Draft, Degraded | None]:
    """The draft with its holes filled as far as can be; NOT_FILLED when a search that might have helped came late or
    failed.
    """
    channel = _deep_channel(first, request, channels)
    if channel is None or not _has_holes(first, request.limit):
        return first, None
    best, wanted = first, count_passing(case, request.mode, at_most=request.limit)
    for look in _looks(request.limit, case.columns.size, question.live.max_k, push_down(case)):
        if len(best.judgement.kept) >= wanted:
            break
        report = await ask_one(channel, question, look.k, only=look.only, seconds=deadline.left())
        if report.degraded is not None:
            return best, Degraded.NOT_FILLED
        reports = _deepened(best.reports, report)
        best = draft(reports, case, request.mode, request.fusion, request.channels)
        if look.only is None and len(report.hits) < look.k:
            break  # the index holds no more
    return best, None


def _deep_channel(first: Draft, request: Request, channels: Sequence[Channel]) -> Channel | None:
    """The channel to look deeper in. None: the mode wants no filling, or the request limits or leaves out the vector
    channel, or it is in trouble already.
    """
    unlimited = any(asked.channel is ChannelName.VECTOR and asked.quota is None for asked in request.channels)
    healthy = any(report.channel is ChannelName.VECTOR and report.degraded is None for report in first.reports)
    if request.mode is not RelevanceMode.FILL or not unlimited or not healthy:
        return None
    return next((channel for channel in channels if channel.name is ChannelName.VECTOR), None)


def _has_holes(found: Draft, limit: int) -> bool:
    return len(found.judgement.kept) < limit and len(found.judgement.dropped) > 0


def _looks(limit: int, items: int, max_k: int, only: HardFilter) -> Iterator[Look]:
    """First where the demands are met. Then among all, twice as deep each time: an index that filters while it walks a
    graph may come back short.
    """
    deepest = min(max_k, max(items, 1))
    yield Look(min(limit, deepest), only)
    k = limit
    while k < deepest:
        k = min(2 * k, deepest)
        yield Look(k, None)


def _deepened(reports: tuple[ChannelReport, ...], more: ChannelReport) -> tuple[ChannelReport, ...]:
    """The vector channel's report with what a deeper search added; the scores are of one vector, so they compare."""
    return tuple(_joined(report, more) if report.channel is ChannelName.VECTOR else report for report in reports)


def _joined(report: ChannelReport, more: ChannelReport) -> ChannelReport:
    hits = ranked(
        np.concatenate([report.hits.item_nos, more.hits.item_nos]),
        np.concatenate([report.hits.scores, more.hits.scores]),
    )
    return replace(report, hits=hits, milliseconds=report.milliseconds + more.milliseconds)
