"""Retrieve, the whole of it. What can be slow or fail is gathered first; what decides comes after, is pure and cannot.

Knows no wire format, and no store by name.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from multigrain.catalog.columns import CatalogueColumns
from multigrain.telemetry import DEGRADED, DROPPED, JUDGED, RELAXED, VECTOR_PASSED
from multigrain.types import GenerationId
from server.answer import answer
from server.catalogue.served import Catalogue
from server.channels.asking import ask_all
from server.channels.channel import Channel, Question
from server.channels.lexical import Titles
from server.deadline import Deadline
from server.draft import Draft, draft
from server.encoding.query_encodings import QueryEncodings
from server.generations.live import LiveGeneration, LiveGenerations
from server.histories import Histories
from server.refill import refill
from server.relax import is_scant, relax
from server.relevance.gathering import case_of, with_cut_off
from server.relevance.relaxing import as_asked
from server.relevance.rule import Case
from server.request import ChannelName, Request
from server.result import Result
from server.session import brought
from server.timing.stages import answered_by, stage
from server.understanding.intent import Intent
from server.understanding.owners_rules import OwnersRules, no_rules
from server.users import Users

FEATURES_SHARE = 0.25
"""Of the time left: history makes an answer better, but without the channels there is none."""
CHANNELS_SHARE = 0.75
"""Of the time left after that: a late channel must leave time to fuse, judge and refill what the others gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """What `Explain` tries: the same query with other demands, of a catalogue with other items."""

    intent: Intent
    columns: CatalogueColumns


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One request's way through the pipeline: what `Explain` looks back at."""

    question: Question
    case: Case
    first: Draft
    """Of what the channels gave when they were asked once."""
    draft: Draft
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The request path. What changes beneath it are the live generation and the catalogue, each in one step."""

    generations: LiveGenerations
    catalogue: Catalogue
    titles: Titles
    users: Users
    histories: Histories
    encodings: QueryEncodings
    channels: Sequence[Channel]
    feature_seconds: float
    relax_floor: int
    """Where fewer items of the catalogue meet every demand, demands are given up; 0: never."""
    now_ms: Callable[[], int]
    owners_rules: Callable[[], OwnersRules] = no_rules
    """What the shop's own file says by now."""

    async def retrieve(self, request: Request, deadline: Deadline) -> Result:
        """The answer, wholly from one generation.

        Raises Unavailable when nothing is live or every channel failed, TimeoutError when none answered in time,
        InvalidRequest or NotFound for a generation that may not be asked or does not exist.
        """
        async with self.leased(request.generation_id, deadline) as live:
            trace = await self.trace(request, live, deadline)
        count(trace)
        return trace.result

    async def trace(
        self, request: Request, live: LiveGeneration, deadline: Deadline, supposed: Supposed | None = None
    ) -> Trace:
        """The steps, in their order. Only `live` and one view of the catalogue are used from here on.

        `supposed`: None: as things are.
        """
        now_ms = self.now_ms() if request.at_ms is None else request.at_ms
        columns = self.catalogue.columns if supposed is None else supposed.columns

        with stage("understand"):
            intent = supposed.intent if supposed else live.tagger.understand(request.query, self.owners_rules())
            case = case_of(columns, self.titles, intent, request.filters)

        with stage("user"):
            seconds = min(self.feature_seconds, deadline.share(FEATURES_SHARE))
            stored, no_history = await self.users.get(request.user_id, seconds=seconds)
            session = brought(stored, request.recent_events, columns, now_ms)
            user, windows, key = self.histories.of(stored, session, now_ms, live.encoder.windows)

        with stage("channels"):
            question = Question(live, request.query, windows, columns, key=key, encodings=self.encodings)
            reports = await ask_all(self.channels, question, request, seconds=deadline.share(CHANNELS_SHARE))

        with stage("judge"):
            case = with_cut_off(case, live.cut_off, question.encoded)
            first = held = draft(reports, as_asked(case), request.mode, request.fusion, request.channels)

        if is_scant(first, request, self.relax_floor):
            with stage("relax"):
                held = await relax(first, request, self.relax_floor)

        with stage("refill"):
            final, not_filled = await refill(held, request, question, self.channels, deadline)

        with stage("answer"):
            degraded = [reason for reason in (no_history, not_filled) if reason is not None]
            result = answer(request, live, case, final, user, now_ms, degraded)
        return Trace(question=question, case=case, first=first, draft=final, result=result)

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


def count(trace: Trace) -> None:
    """What a person at night wants to see over time."""
    result = trace.result
    JUDGED.inc(result.judged)
    for reason in result.degraded:
        DEGRADED.labels(reason.name.lower()).inc()
    for verdict, dropped in result.dropped_by.items():
        DROPPED.labels(verdict.name.lower()).inc(dropped)
    for clause in trace.draft.standard.gone:
        RELAXED.labels(clause.kind.name.lower()).inc()
    # Before any filling: how well the vector alone hits what the query demands.
    hits = {report.channel: len(report.hits) for report in trace.first.reports}
    if vector := hits.get(ChannelName.VECTOR, 0):
        VECTOR_PASSED.observe(trace.first.passed()[ChannelName.VECTOR] / vector)
