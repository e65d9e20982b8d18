"""Retrieve, the whole of it. What can be slow or fail is gathered first; what decides comes after, is pure and cannot.

Knows no wire format, and no store by name.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from multigrain.features.windows import split
from multigrain.telemetry import DEGRADED, DROPPED, JUDGED
from multigrain.types import GenerationId
from server.answer import answer
from server.channels.asking import ask_all
from server.channels.channel import Channel, Question
from server.deadline import Deadline
from server.draft import Draft, draft
from server.encoding.history_key import history_key, origin
from server.encoding.query_encodings import QueryEncodings
from server.live import LiveGeneration, LiveGenerations
from server.refill import refill
from server.relevance.rule import Case
from server.request import Request
from server.result import Result
from server.served_catalogue import Catalogue
from server.session import brought, joined
from server.stages import answered_by, stage
from server.users import Users

FEATURES_SHARE = 0.25
"""Of the time left: history makes an answer better, but without the channels there is none."""
CHANNELS_SHARE = 0.75
"""Of the time left after that: a late channel must leave time to fuse, judge and refill what the others gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One request's way through the pipeline: what `Explain` looks back at."""

    question: Question
    case: Case
    draft: Draft
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The request path. What changes beneath it are the live generation and the catalogue, each in one step."""

    generations: LiveGenerations
    catalogue: Catalogue
    users: Users
    encodings: QueryEncodings
    channels: Sequence[Channel]
    feature_seconds: float
    now_ms: Callable[[], int]

    async def retrieve(self, request: Request, deadline: Deadline) -> Result:
        """The answer, wholly from one generation.

        Raises Unavailable when nothing is live or every channel failed, TimeoutError when none answered in time,
        InvalidRequest or NotFound for a generation that may not be asked or does not exist.
        """
        async with self.leased(request.generation_id, deadline) as live:
            result = (await self.trace(request, live, deadline)).result
        count(result)
        return result

    async def trace(self, request: Request, live: LiveGeneration, deadline: Deadline) -> Trace:
        """The steps, in their order. Only `live` and one view of the catalogue are used from here on."""
        now_ms, columns = self.now_ms() if request.at_ms is None else request.at_ms, self.catalogue.columns

        with stage("understand"):
            intent = live.tagger.understand(request.query)
            case = Case(columns=columns, intent=intent, filters=request.filters)

        with stage("user"):
            seconds = min(self.feature_seconds, deadline.share(FEATURES_SHARE))
            stored, no_history = await self.users.get(request.user_id, seconds=seconds)
            session = brought(stored, request.recent_events, columns, now_ms)
            user = joined(stored, session)

        with stage("channels"):
            windows = split(user, now_ms, live.encoder.windows)
            key = history_key(origin(stored, session), windows)
            question = Question(live, request.query, windows, columns, key=key, encodings=self.encodings)
            reports = await ask_all(self.channels, question, request, seconds=deadline.share(CHANNELS_SHARE))

        with stage("judge"):
            first = draft(reports, case, request.mode, request.fusion, request.channels)

        with stage("refill"):
            final, not_filled = await refill(first, request, case, question, self.channels, deadline)

        with stage("answer"):
            degraded = [reason for reason in (no_history, not_filled) if reason is not None]
            result = answer(request, live, case, final, user, now_ms, degraded)
        return Trace(question=question, case=case, draft=final, result=result)

    @asynccontextmanager
    async def leased(self, generation_id: GenerationId | None, deadline: Deadline) -> AsyncIterator[LiveGeneration]:
        """The live generation for the length of one request; a named one is loaded first where that is allowed."""
        if generation_id is not None:
            # Not cancelled with the request: whoever asks again finds it loaded.
            loading = asyncio.ensure_future(asyncio.to_thread(self.generations.prepare, generation_id))
            loading.add_done_callback(lambda done: done.cancelled() or done.exception())
            async with asyncio.timeout(deadline.left()):
                await asyncio.shield(loading)
        with self.generations.lease(generation_id) as live:
            answered_by(live.generation.generation_id)
            yield live


def count(result: Result) -> None:
    """What a person at night wants to see over time."""
    JUDGED.inc(result.judged)
    for reason in result.degraded:
        DEGRADED.labels(reason.name.lower()).inc()
    for verdict, dropped in result.dropped_by.items():
        DROPPED.labels(verdict.name.lower()).inc(dropped)
