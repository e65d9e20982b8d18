"""The last step: cuts the draft to the limit, looks up the ids of what is returned, counts. Pure."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from multigrain.types import UserState
from server.draft import Draft
from server.generations.live import LiveGeneration
from server.relevance.rule import Case
from server.request import Request
from server.result import ChannelReport, Degraded, Freshness, Result, Verdict, Verdicts


def answer(
    request: Request,
    live: LiveGeneration,
    case: Case,
    final: Draft,
    user: UserState,
    now_ms: int,
    degraded: Sequence[Degraded],
) -> Result:
    """What is sent. Ids are strings, so they are looked up only here, and for the dropped only with debug."""
    judged = final.judgement
    shown = np.arange(min(request.limit, len(judged.kept)))
    kept = judged.kept.take(shown)
    of_channels = [report.degraded for report in final.reports if report.degraded is not None]
    return Result(
        request_id=request.request_id,
        generation_id=live.generation.generation_id,
        kept=kept,
        kept_verdicts=judged.kept_verdicts[shown],
        item_ids=case.columns.item_ids_of(kept.item_nos),
        dropped=judged.dropped,
        dropped_verdicts=judged.dropped_verdicts,
        dropped_item_ids=case.columns.item_ids_of(judged.dropped.item_nos) if request.debug else (),
        judged=len(judged.kept) + len(judged.dropped),
        dropped_by=_counts(judged.dropped_verdicts),
        reports=_reports(final, case, with_ids=request.debug),
        freshness=Freshness(newest_behavior_ms=_newest(user, now_ms), catalogue_revision=case.columns.revision),
        degraded=tuple(dict.fromkeys([*degraded, *of_channels])),
        intent=case.intent,
        relaxed=final.standard.given_up,
    )


def _reports(final: Draft, case: Case, *, with_ids: bool) -> tuple[ChannelReport, ...]:
    passed = final.passed()
    return tuple(
        replace(
            report,
            passed=passed.get(report.channel, 0),
            item_ids=case.columns.item_ids_of(report.hits.item_nos) if with_ids else (),
        )
        for report in final.reports
    )


def _counts(verdicts: Verdicts) -> dict[Verdict, int]:
    counts = np.bincount(verdicts, minlength=max(Verdict) + 1)
    return {verdict: int(counts[verdict]) for verdict in Verdict if counts[verdict]}


def _newest(user: UserState, now_ms: int) -> int | None:
    used = user.behaviors.at_ms[user.behaviors.at_ms < now_ms]
    return int(used[-1]) if len(used) else None
