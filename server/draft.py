"""An answer in the making: what the channels gave, fused and judged. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.fusion import WAYS
from server.fusion.quotas import within_quotas
from server.relevance.policy import Judgement, judge
from server.relevance.rule import Case
from server.request import ChannelQuota, FusionKind, RelevanceMode
from server.result import ChannelReport


@dataclass(frozen=True, slots=True)
class Draft:
    """The reports and what follows from them."""

    reports: tuple[ChannelReport, ...]
    judgement: Judgement


def draft(
    reports: tuple[ChannelReport, ...],
    case: Case,
    mode: RelevanceMode,
    fusion: FusionKind,
    asked: Sequence[ChannelQuota],
) -> Draft:
    """Fuses and judges what the channels gave. `asked`: their order, quotas and weights."""
    weights = {one.channel: one.weight for one in asked}
    candidates = WAYS[fusion](within_quotas(reports, asked), weights)
    return Draft(reports, judge(case, candidates, mode))
