"""An answer in the making: what the channels gave, fused and judged. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from server.fusion import WAYS
from server.fusion.quotas import within_quotas
from server.relevance.policy import Judgement
from server.relevance.relaxing import Standard, held_to
from server.request import ChannelName, ChannelQuota, FusionKind, RelevanceMode
from server.result import ChannelReport, Verdict


@dataclass(frozen=True, slots=True)
class Draft:
    """The reports and what follows from them."""

    reports: tuple[ChannelReport, ...]
    judgement: Judgement
    standard: Standard
    """What it was judged by."""

    def passed(self) -> dict[ChannelName, int]:
        """How many hits of each channel were kept; of what a quota left out none. Demoted ones are not counted."""
        judgement = self.judgement
        ranks = judgement.kept.ranks
        if not self.standard.gone and (judgement.kept_verdicts != Verdict.KEPT).any():
            ranks = ranks[:, judgement.kept_verdicts == Verdict.KEPT]
        counts = np.count_nonzero(ranks, axis=1).tolist()
        return {channel: count for (channel, _), count in zip(judgement.kept.found, counts, strict=True)}


def draft(
    reports: tuple[ChannelReport, ...],
    standard: Standard,
    mode: RelevanceMode,
    fusion: FusionKind,
    asked: Sequence[ChannelQuota],
) -> Draft:
    """Fuses and judges what the channels gave. `asked`: their order, quotas and weights."""
    weights = {one.channel: one.weight for one in asked}
    candidates = WAYS[fusion](within_quotas(reports, asked), weights)
    return Draft(reports, held_to(standard, candidates, mode), standard)
