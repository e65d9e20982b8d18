"""What the client returns: columns (NumPy arrays) and plain words, made of the service's messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from numpy.typing import NDArray

from multigrain.types import Float32s
from multigrain.v1 import retrieval_pb2 as pb


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReport:
    """What one channel did."""

    channel: str
    hits: int
    milliseconds: float
    problem: str
    """Empty: all is well."""
    passed: int
    """Hits that relevance control kept; demoted ones are not counted."""
    item_ids: tuple[str, ...]
    """Only with debug, best first."""
    scores: Float32s
    """Only with debug: of `item_ids`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One thing that a query demands."""

    kind: str
    """'brand', 'category', 'attribute' or 'word'; 'not_brand' or 'not_category' for what the shop keeps out."""
    name: str
    """Of an attribute, 'colour'; empty for the other kinds."""
    value: str
    confidence: float
    words: tuple[str, ...]
    """What of the query says so."""
    source: str
    """Who says that the words mean this: 'catalogue', 'synonym', 'misspelling', 'titles', 'clicks' or 'owner'."""

    def __str__(self) -> str:
        """'colour red', 'brand adidas', 'not brand nike'."""
        return f"{self.name or self.kind.replace('_', ' ')} {self.value}"


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long one step of the server took."""

    stage: str
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the candidates of an answer stood in one channel: columns as long as the answer."""

    channel: str
    ranks: NDArray[np.int32]
    """1 is best; 0: it did not find the candidate."""
    scores: Float32s
    """The channel's own; NaN: it did not find the candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One candidate."""

    rank: int
    item_id: str
    score: float
    channels: tuple[str, ...]
    verdict: str
    ranks: Mapping[str, int]
    """Only with debug: its place in each channel that found it, by the channel's name."""
    scores: Mapping[str, float]
    """Only with debug: the own score of each channel that found it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The candidates, as columns of equal length, best first; and how they came about."""

    request_id: str
    generation_id: str
    item_ids: NDArray[np.object_]
    scores: Float32s
    channels: NDArray[np.uint32]
    """Bit (1 << channel number) for each channel that found it."""
    verdicts: NDArray[np.uint8]
    """KEPT, or the rule that was missed: in mode 'demote', or of a demand that was given up."""
    judged: int
    dropped: int
    dropped_by: Mapping[str, int]
    reports: tuple[ChannelReport, ...]
    newest_behavior: datetime | None
    """None: no behaviour was used."""
    catalogue_revision: int
    degraded: tuple[str, ...]
    brands: tuple[str, ...]
    """That the query was understood to demand."""
    categories: tuple[str, ...]
    demands: tuple[Demand, ...]
    """All of it, brands and categories too."""
    relaxed: tuple[str, ...]
    """Demands that were given up, in this order, because too few items meet them all: 'colour red'. Candidates that
    meet them come before those that do not.
    """
    dropped_item_ids: tuple[str, ...]
    """Only with debug."""
    dropped_verdicts: tuple[str, ...]
    """Only with debug: of `dropped_item_ids`."""
    standings: tuple[Standing, ...]
    """Only with debug, in the order in which fusion took the channels."""
    stages: tuple[StageTime, ...]
    """Only with debug, in their order."""

    def __len__(self) -> int:
        return len(self.item_ids)

    def rows(self) -> list[Row]:
        """One object a candidate: for people, not for 10,000."""
        return [
            Row(
                rank=i + 1,
                item_id=str(self.item_ids[i]),
                score=float(self.scores[i]),
                channels=_channel_names(int(self.channels[i])),
                verdict=short_name(pb.Verdict, int(self.verdicts[i])),
                ranks={one.channel: int(one.ranks[i]) for one in self.standings if one.ranks[i]},
                scores={one.channel: float(one.scores[i]) for one in self.standings if one.ranks[i]},
            )
            for i in range(len(self))
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The whole way of one item."""

    generation_id: str
    in_catalogue: bool
    in_index: bool
    ranks: Mapping[str, int]
    """By channel; 0: not among the candidates asked for."""
    scores: Mapping[str, float]
    """By channel: its own score of the item."""
    exact_ranks: Mapping[str, int]
    """By channel: its rank among all items of the index by exact scores; 0: not counted. Of 'vector' only."""
    verdict: str
    position: int
    """1 is best; 0: not in the answer."""
    summary: str
    would_let_in: tuple[str, ...]
    """What would have put it into the answer, each by itself; empty: it is there, or nothing was found that would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProcess:
    """One of the processes that share a server's port."""

    number: int
    serving: bool
    generation_id: str | None
    """None: it answers nothing yet."""
    catalogue_revision: int
    started: datetime | None
    """None: it was never there."""
    restarts: int
    """How often it had to be started anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """What the server serves now."""

    generation_id: str | None
    """None: nothing is live."""
    items: int
    """In the live index."""
    index: str
    version: str
    channels: tuple[str, ...]
    catalogue_revision: int
    catalogue_items: int
    started: datetime
    processes: tuple[ServerProcess, ...]
    """All that share the port, whichever of them was asked. Empty: there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowRequest:
    """One request that took long, as it went."""

    request_id: str
    at: datetime
    milliseconds: float
    generation_id: str
    """Empty: it came to no generation."""
    query: str
    user_id: str
    """Empty: it named nobody."""
    limit: int
    stages: tuple[StageTime, ...]
    """In their order; of a request that failed, those that it came to."""
    reports: tuple[ChannelReport, ...]
    """Without columns."""
    degraded: tuple[str, ...]
    judged: int
    returned: int
    dropped_by: Mapping[str, int]
    brands: tuple[str, ...]
    """That the query was understood to demand."""
    categories: tuple[str, ...]
    demands: tuple[Demand, ...]
    """All of it, brands and categories too."""
    relaxed: tuple[str, ...]
    """Demands that were given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowRequests:
    """What a server kept of its slow requests."""

    threshold_ms: float
    """From how many milliseconds on one is kept; 0: none is."""
    requests: tuple[SlowRequest, ...]
    """The slowest first."""


def to_answer(message: pb.RetrieveResponse) -> Answer:
    """The columns of a response."""
    fresh = message.freshness
    return Answer(
        request_id=message.request_id,
        generation_id=message.generation_id,
        item_ids=np.array(message.item_ids, np.object_),
        scores=np.array(message.scores, np.float32),
        channels=np.array(message.channels, np.uint32),
        verdicts=np.array(message.verdicts, np.uint8),
        judged=message.judged,
        dropped=message.dropped,
        dropped_by={short_name(pb.Verdict, entry.verdict): entry.count for entry in message.dropped_by},
        reports=tuple(_to_report(report) for report in message.channel_reports),
        newest_behavior=fresh.newest_behavior.ToDatetime(UTC) if fresh.HasField("newest_behavior") else None,
        catalogue_revision=fresh.catalogue_revision,
        degraded=tuple(short_name(pb.DegradedReason, reason) for reason in message.degraded),
        brands=tuple(message.intent.brands),
        categories=tuple(message.intent.categories),
        demands=_to_demands(message.intent),
        relaxed=tuple(message.relaxed),
        dropped_item_ids=tuple(message.dropped_item_ids),
        dropped_verdicts=tuple(short_name(pb.Verdict, verdict) for verdict in message.dropped_verdicts),
        standings=tuple(_to_standing(standing) for standing in message.standings),
        stages=_to_stages(message.stages),
    )


def to_explanation(message: pb.ExplainResponse) -> Explanation:
    """The whole way of one item."""
    return Explanation(
        generation_id=message.generation_id,
        in_catalogue=message.in_catalogue,
        in_index=message.in_index,
        ranks={short_name(pb.Channel, entry.channel): entry.rank for entry in message.ranks},
        scores={short_name(pb.Channel, entry.channel): entry.score for entry in message.ranks},
        exact_ranks={short_name(pb.Channel, entry.channel): entry.exact_rank for entry in message.ranks},
        verdict=short_name(pb.Verdict, message.verdict),
        position=message.position,
        summary=message.summary,
        would_let_in=tuple(message.would_let_in),
    )


def to_status(message: pb.GetStatusResponse) -> ServerStatus:
    """What the server serves now."""
    return ServerStatus(
        generation_id=message.live.generation_id if message.HasField("live") else None,
        items=message.live.items,
        index=message.live.index,
        version=message.version,
        channels=tuple(short_name(pb.Channel, channel) for channel in message.channels),
        catalogue_revision=message.catalogue_revision,
        catalogue_items=message.catalogue_items,
        started=message.started.ToDatetime(UTC),
        processes=tuple(_to_process(process) for process in message.processes),
    )


def _to_process(message: pb.ProcessStatus) -> ServerProcess:
    return ServerProcess(
        number=message.number,
        serving=message.serving,
        generation_id=message.generation_id or None,
        catalogue_revision=message.catalogue_revision,
        started=message.started.ToDatetime(UTC) if message.HasField("started") else None,
        restarts=message.restarts,
    )


def to_slow_requests(message: pb.ListSlowRequestsResponse) -> SlowRequests:
    """The slow requests that a server kept."""
    return SlowRequests(
        threshold_ms=message.threshold_milliseconds,
        requests=tuple(_to_slow_request(request) for request in message.requests),
    )


def _to_slow_request(message: pb.SlowRequest) -> SlowRequest:
    return SlowRequest(
        request_id=message.request_id,
        at=message.time.ToDatetime(UTC),
        milliseconds=message.milliseconds,
        generation_id=message.generation_id,
        query=message.request.query,
        user_id=message.request.user_id,
        limit=message.request.limit,
        stages=_to_stages(message.stages),
        reports=tuple(_to_report(report) for report in message.channel_reports),
        degraded=tuple(short_name(pb.DegradedReason, reason) for reason in message.degraded),
        judged=message.judged,
        returned=message.returned,
        dropped_by={short_name(pb.Verdict, entry.verdict): entry.count for entry in message.dropped_by},
        brands=tuple(message.intent.brands),
        categories=tuple(message.intent.categories),
        demands=_to_demands(message.intent),
        relaxed=tuple(message.relaxed),
    )


def _to_stages(messages: Iterable[pb.StageTime]) -> tuple[StageTime, ...]:
    return tuple(StageTime(message.stage, message.milliseconds) for message in messages)


def _to_report(message: pb.ChannelReport) -> ChannelReport:
    return ChannelReport(
        channel=short_name(pb.Channel, message.channel),
        hits=message.hits,
        milliseconds=message.milliseconds,
        problem=message.problem,
        passed=message.passed,
        item_ids=tuple(message.item_ids),
        scores=np.array(message.scores, np.float32),
    )


def _to_demands(intent: pb.Intent) -> tuple[Demand, ...]:
    return tuple(
        Demand(
            kind=short_name(pb.DemandKind, one.kind),
            name=one.name,
            value=one.value,
            confidence=one.confidence,
            words=tuple(one.words),
            source=one.source,
        )
        for one in intent.demands
    )


def _to_standing(message: pb.ChannelStanding) -> Standing:
    return Standing(
        channel=short_name(pb.Channel, message.channel),
        ranks=np.array(message.ranks, np.int32),
        scores=np.array(message.scores, np.float32),
    )


def _channel_names(mask: int) -> tuple[str, ...]:
    return tuple(short_name(pb.Channel, number) for number in pb.Channel.values() if mask & (1 << number))


def short_name(enum: EnumTypeWrapper, number: int) -> str:
    """'vector' for CHANNEL_VECTOR; a number that a newer server sends and we do not know stays a number."""
    if number not in enum.values():
        return str(number)
    return enum.Name(number).removeprefix(prefix_of(enum)).lower()


def prefix_of(enum: EnumTypeWrapper) -> str:
    """What every name of the enum begins with: that of its zero without UNSPECIFIED."""
    return enum.Name(0).removesuffix("UNSPECIFIED")
