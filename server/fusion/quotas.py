"""What of the channels' hits is fused, and in which order the channels come: as the request names them."""

from collections.abc import Sequence

from server.fusion.standings import sunk
from server.request import ChannelQuota
from server.result import ChannelReport, Found


def within_quotas(reports: Sequence[ChannelReport], asked: Sequence[ChannelQuota]) -> tuple[Found, ...]:
    """The hits of the channels asked, in their order, at most its quota of each.

    A channel that has no report is left out; one that nobody asked by name comes last, with all its hits.
    """
    given = {report.channel: report.hits for report in reports}
    quotas = {one.channel: one.quota for one in asked if one.channel in given}
    return tuple(
        (channel, sunk(given[channel]).first(quotas.get(channel))) for channel in dict.fromkeys([*quotas, *given])
    )
