"""Asks channels side by side, each within its time; what is late or broken leaves the answer smaller and marked."""

import asyncio
import functools
import logging
import time
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from prometheus_client import Counter, Histogram

from multigrain.errors import Unavailable
from multigrain.telemetry import CHANNEL_ANSWERS, CHANNEL_HITS, CHANNEL_SECONDS, LOG_FIELDS
from server.channels.channel import Channel, Only, Question, ranked
from server.request import ChannelName, Request
from server.result import ChannelReport, Degraded, Hits
from server.timing.stages import step

log = logging.getLogger(__name__)

HEAD_START = 0.2
"""Of the time of the channels: so long the others wait at most for the vector channel."""

NONE: Hits = ranked(np.zeros(0, np.int64), np.zeros(0, np.float32))


async def ask_all(
    channels: Sequence[Channel], question: Question, request: Request, *, seconds: float
) -> tuple[ChannelReport, ...]:
    """A report of each channel that the request wants, in the order of `channels`.

    Raises Unavailable when every one that knows the query failed or was late, TimeoutError when all those were late.
    """
    depths = depths_of(request, question.live.max_k)
    asked = [channel for channel in channels if channel.name in depths]
    ends_at = time.monotonic() + seconds

    async def ask(channel: Channel) -> ChannelReport:
        if ChannelName.VECTOR in depths and channel.name is not ChannelName.VECTOR:
            await _let_the_vector_channel_begin(question, HEAD_START * seconds)
        report = await ask_one(channel, question, depths[channel.name], seconds=ends_at - time.monotonic())
        if channel.name is ChannelName.VECTOR:
            question.searching.set()  # had it failed before its search, the others would wait for nothing
        return report

    reports = await asyncio.gather(*(ask(channel) for channel in asked))
    # Neighbours know no query: beside the channels that do, theirs alone is no answer to it.
    answering = [report for report in reports if report.channel is not ChannelName.NEIGHBOURS] or reports
    if all(report.degraded for report in answering):
        told = "; ".join(f"{report.channel.name.lower()} {report.problem}" for report in answering)
        if all(report.degraded is Degraded.CHANNEL_LATE for report in answering):
            raise TimeoutError(f"no channel answered ({told}): give the call more time")
        raise Unavailable(f"no channel answered ({told}): try again")
    return tuple(reports)


async def _let_the_vector_channel_begin(question: Question, seconds: float) -> None:
    """Its search takes longest, and while the index works this process does not: that is when the others cost nothing.

    Begun all at once, they take Python's lock from the encoding, and the search is sent milliseconds later.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await question.searching.wait()


def depths_of(request: Request, max_k: int) -> dict[ChannelName, int]:
    """How many hits each channel is asked for; the index cannot return more than max_k at once."""
    depths = {wanted.channel: wanted.quota or request.limit for wanted in request.channels}
    if ChannelName.VECTOR in depths:
        depths[ChannelName.VECTOR] = min(depths[ChannelName.VECTOR], max_k)
    return depths


async def ask_one(channel: Channel, question: Question, k: int, *, only: Only = None, seconds: float) -> ChannelReport:
    """What one channel gave; a failure is in the report and not raised."""
    with step(channel.name.name.lower()) as facts:
        report = await _answer_of(channel, question, k, only=only, seconds=seconds)
        facts["hits"] = len(report.hits)
        if report.problem:
            facts["problem"] = report.problem
    count(report)
    return report


async def _answer_of(channel: Channel, question: Question, k: int, *, only: Only, seconds: float) -> ChannelReport:
    started = time.monotonic()
    hits, problem, degraded = NONE, "", None
    try:
        async with asyncio.timeout(seconds):
            hits = await channel.ask(question, k, only=only, seconds=seconds)
    except TimeoutError:
        problem, degraded = f"late: no answer within {seconds * 1000:.0f} ms", Degraded.CHANNEL_LATE
    except Exception as error:  # whatever a store can raise: the other channels still answer
        # The kind only: the text may hold addresses, and goes to whoever asked.
        problem, degraded = f"failed: {type(error).__name__}", Degraded.CHANNEL_FAILED
        log.warning("channel failed", exc_info=True, extra={LOG_FIELDS: {"channel": channel.name.name.lower()}})
    milliseconds = (time.monotonic() - started) * 1000
    return ChannelReport(channel=channel.name, hits=hits, milliseconds=milliseconds, problem=problem, degraded=degraded)


OUTCOMES = {None: "ok", Degraded.CHANNEL_LATE: "late", Degraded.CHANNEL_FAILED: "failed"}


def count(report: ChannelReport) -> None:
    """One search of one channel."""
    took, gave, answered = _metrics_of(report.channel, report.degraded)
    took.observe(report.milliseconds / 1000)
    gave.inc(len(report.hits))
    answered.inc()


@functools.cache
def _metrics_of(channel: ChannelName, degraded: Degraded | None) -> tuple[Histogram, Counter, Counter]:
    # Looking a label up takes nearly as long as counting.
    name = channel.name.lower()
    return CHANNEL_SECONDS.labels(name), CHANNEL_HITS.labels(name), CHANNEL_ANSWERS.labels(name, OUTCOMES[degraded])
