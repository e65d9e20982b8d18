"""Fills the holes that relevance control left: asks the vector channel again until the limit is reached, nothing more
can be found, or the time is up.

What is missing is known before it is looked for: the columns tell which items pass. Where these are few, the index is
asked among them; where they are many, among what it can check itself, and deeper while that brings more. What a search
should have found and did not is compared, one by one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from multigrain.index.item_index import HardFilter
from multigrain.types import Int64s
from server.channels.asking import ask_one
from server.channels.channel import Among, Channel, Only, Question, ranked
from server.deadline import Deadline
from server.draft import Draft, draft
from server.relevance.policy import passing
from server.relevance.push_down import push_down
from server.relevance.rule import Case
from server.request import ChannelName, Filters, RelevanceMode, Request
from server.result import ChannelReport, Degraded, Verdict
from server.understanding.intent import Intent

FEW, SEVERAL = 4_000, 12_000
"""So many, named one by one, cost a search no more than a deep one by brand and category does; and it misses none.
Where the index cannot check by itself why the others went, that search is often one of two, and more are worth naming.
"""
CHECKED_BY_INDEX = (Verdict.STATUS, Verdict.BRAND, Verdict.CATEGORY)
NAMED_MAX = 50_000
"""Items that are named, or compared, at most. Compared, their rows are read from the index: of 128 dims some 25 MB.
More, and one request holds up the others; so many pass only where a search would have found enough of them."""
SWEPT_AT_ONCE = 10_000
"""Rows of one read: between two of them the time left is looked at, and what the first found is kept."""


@dataclass(frozen=True, slots=True)
class Look:
    """One more search: how deep, and among which items."""

    k: int
    only: Only


@dataclass(frozen=True, slots=True)
class Filling:
    """The parts of one filling."""

    request: Request
    question: Question
    channel: Channel
    deadline: Deadline

    async def deepened(self, found: Draft, look: Look) -> tuple[Draft, ChannelReport]:
        """The draft with what the look brought, and what the channel said; unchanged where it was late or failed."""
        report = await ask_one(self.channel, self.question, look.k, only=look.only, seconds=self.deadline.left())
        if report.degraded is not None:
            return found, report
        request = self.request
        reports = _deepened(found.reports, report)
        return draft(reports, found.standard, request.mode, request.fusion, request.channels), report


async def refill(
    first: Draft, request: Request, question: Question, channels: Sequence[Channel], deadline: Deadline
) -> tuple[Draft, Degraded | None]:
    """The draft with its holes filled as far as can be; NOT_FILLED when a look that might have helped came late, failed
    or would have been too long.
    """
    channel = _deep_channel(first, request, channels)
    if channel is None:
        return first, None
    filling, best, failed = Filling(request, question, channel, deadline), first, False
    if first.standard.gone:
        # There are fewer of them than the floor: whatever else is there, these come first.
        best, failed = await _named(filling, best, await _missing(best, request, as_asked=True))
    if failed or not _has_holes(best, request.limit) or _reached_the_cut_off(best):
        return best, _marked(failed)
    missing = await _missing(best, request)
    if len(missing) > (FEW if _checked_by_index(best) else SEVERAL):
        best, failed = await _searched(filling, best)
        if failed or len(best.judgement.kept) >= request.limit or _reached_the_cut_off(best):
            return best, _marked(failed)
        missing = await _missing(best, request)
    there_are = len(best.judgement.kept) + len(missing)
    best, failed = await _named(filling, best, missing)
    if len(missing) >= NAMED_MAX:  # or more
        return best, _marked(len(best.judgement.kept) < request.limit)
    return best, _marked(failed and len(best.judgement.kept) < min(request.limit, there_are))


def _marked(failed: bool) -> Degraded | None:
    return Degraded.NOT_FILLED if failed else None


async def _searched(filling: Filling, found: Draft) -> tuple[Draft, bool]:
    """The draft after searches among what the index can check itself, twice as deep each time, that went on until the
    limit was reached, one gained nothing, or one came back short: then that was all. And whether one came late or
    failed.
    """
    request, case = filling.request, found.standard.case
    only, deepest = push_down(case), min(filling.question.live.max_k, max(case.columns.size, 1))
    k = min(request.limit, deepest)
    while len(found.judgement.kept) < request.limit:
        before = len(found.judgement.kept)
        found, report = await filling.deepened(found, Look(k, only))
        if report.degraded is not None:
            return found, True
        if len(report.hits) < k or len(found.judgement.kept) == before or k == deepest:
            break
        k = min(2 * k, deepest)
    return found, False


async def _named(filling: Filling, found: Draft, item_nos: Int64s) -> tuple[Draft, bool]:
    """The draft with the best of these items, and whether a look came late or failed."""
    if not len(item_nos):
        return found, False
    k = min(filling.request.limit, filling.question.live.max_k, len(item_nos))
    found, report = await filling.deepened(found, Look(k, HardFilter(item_nos=tuple(item_nos.tolist()))))
    if report.degraded is not None:
        return found, True
    if len(report.hits) == k:
        return found, False
    # The index does not hold the others, or passes them over.
    return await _swept(filling, found, np.setdiff1d(item_nos, report.hits.item_nos, assume_unique=True))


async def _swept(filling: Filling, found: Draft, item_nos: Int64s) -> tuple[Draft, bool]:
    """As `_named`, by comparing each."""
    for start in range(0, len(item_nos), SWEPT_AT_ONCE):
        page = item_nos[start : start + SWEPT_AT_ONCE]
        found, report = await filling.deepened(found, Look(min(filling.request.limit, len(page)), Among(page)))
        if report.degraded is not None:
            return found, True
    return found, False


async def _missing(found: Draft, request: Request, *, as_asked: bool = False) -> Int64s:
    """Items of the catalogue that pass, and that were not found; the first NAMED_MAX. They need not be in the index."""
    case = found.standard.asked if as_asked else found.standard.case
    return await asyncio.to_thread(_others, case, request.mode, found.judgement.kept.item_nos)


def _others(case: Case, mode: RelevanceMode, kept: Int64s) -> Int64s:
    pages, count = [np.zeros(0, np.int64)], 0
    for item_nos in passing(case, mode):
        pages.append(np.setdiff1d(item_nos, kept, assume_unique=True))
        count += len(pages[-1])
        if count >= NAMED_MAX:
            break
    return np.concatenate(pages)[:NAMED_MAX]


def _deep_channel(first: Draft, request: Request, channels: Sequence[Channel]) -> Channel | None:
    """The channel to look deeper in. None: the mode wants no filling, or the request limits or leaves out the vector
    channel, or it is in trouble already.
    """
    if request.mode is not RelevanceMode.FILL:
        return None
    unlimited = any(asked.channel is ChannelName.VECTOR and asked.quota is None for asked in request.channels)
    healthy = any(report.channel is ChannelName.VECTOR and report.degraded is None for report in first.reports)
    if not unlimited or not healthy:
        return None
    return next((channel for channel in channels if channel.name is ChannelName.VECTOR), None)


def _has_holes(found: Draft, limit: int) -> bool:
    """Whether there is room, and relevance made it or may be helped: where nothing is demanded and nothing was dropped,
    the index holds no more.
    """
    case, judgement = found.standard.case, found.judgement
    demanding = case.intent != Intent() or case.filters != Filters()
    return len(judgement.kept) < limit and (demanding or len(judgement.dropped) > 0)


def _checked_by_index(found: Draft) -> bool:
    """Whether what went would not have come, had it been looked for where the demands are met."""
    return bool(np.isin(found.judgement.dropped_verdicts, CHECKED_BY_INDEX).all())


def _reached_the_cut_off(found: Draft) -> bool:
    """Whether hits that meet every demand went for their distance alone: what lies deeper is farther away still."""
    return bool((found.judgement.dropped_verdicts == Verdict.SCORE).any())


def _deepened(reports: tuple[ChannelReport, ...], more: ChannelReport) -> tuple[ChannelReport, ...]:
    """The vector channel's report with what a deeper search added; the scores are of one vector, so they compare."""
    return tuple(_joined(report, more) if report.channel is ChannelName.VECTOR else report for report in reports)


def _joined(report: ChannelReport, more: ChannelReport) -> ChannelReport:
    hits = ranked(
        np.concatenate([report.hits.item_nos, more.hits.item_nos]),
        np.concatenate([report.hits.scores, more.hits.scores]),
    )
    return replace(report, hits=hits, milliseconds=report.milliseconds + more.milliseconds)
