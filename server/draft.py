"""An answer in the making: what the channels gave, fused and judged. Pure."""

from dataclasses import dataclass

from server.fusion.rrf import fuse
from server.relevance.policy import Judgement, judge
from server.relevance.rule import Case
from server.request import RelevanceMode
from server.result import ChannelReport


@dataclass(frozen=True, slots=True)
class Draft:
    """The reports and what follows from them."""

    reports: tuple[ChannelReport, ...]
    judgement: Judgement


def draft(reports: tuple[ChannelReport, ...], case: Case, mode: RelevanceMode) -> Draft:
    """Fuses and judges what the channels gave."""
    candidates = fuse([(report.channel, report.hits) for report in reports])
    return Draft(reports, judge(case, candidates, mode))
