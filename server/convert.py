"""Proto <-> our words. A request that passes here is right in every field; what is wrong is named, with the cure.

The only place of the server that knows the fields of a message.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.timestamp_pb2 import Timestamp

from multigrain.errors import InvalidRequest
from multigrain.types import ID_BYTES_MAX, Action, GenerationId, ItemId, UserId
from multigrain.v1 import retrieval_pb2 as pb
from server.explaining.explain import Explanation
from server.packed_columns import packed_floats, packed_small
from server.processes.board import Entry
from server.request import (
    EVERY_CHANNEL,
    LIMIT_DEFAULT,
    LIMIT_MAX,
    USUAL_WEIGHTS,
    ChannelName,
    ChannelQuota,
    Filters,
    FusionKind,
    RelevanceMode,
    Request,
    SessionEvent,
)
from server.result import Candidates, ChannelReport, Result, Verdict
from server.status import ServedGeneration, StatusReport
from server.timing.slow import ChannelTold, SlowRequest
from server.timing.stages import Step
from server.understanding.intent import Demand, Intent

QUERY_BYTES_MAX = 1024
RECENT_EVENTS_MAX = 100
SLOW_DEFAULT = 20
SLOW_MAX = 1000
FILTER_VALUES_MAX = 100
FILTER_BYTES_MAX = 512
"""A category path is longer than an id."""
UNWEIGHTED = (FusionKind.INTERLEAVE, FusionKind.UNION)
WEIGHT_MAX = 1_000_000.0
"""Far above any use, and sums of it stay finite in the float32 of the answer."""


def to_request(message: pb.RetrieveRequest, request_id: str, *, at: str = "") -> Request:
    """The request, checked. Raises InvalidRequest naming the field as the proto has it, after the prefix `at`."""
    fusion = FusionKind(_known(f"{at}fusion", message.fusion, pb.Fusion) or FusionKind.RECIPROCAL_RANK)
    return Request(
        request_id=request_id,
        query=_text(f"{at}query", message.query.strip(), QUERY_BYTES_MAX),
        user_id=UserId(_id(f"{at}user_id", message.user_id)) if message.user_id else None,
        recent_events=_recent_events(f"{at}recent_events", message.recent_events),
        limit=_within(f"{at}limit", message.limit, LIMIT_MAX) or LIMIT_DEFAULT,
        filters=_filters(f"{at}filters", message.filters),
        channels=_channels(f"{at}channels", message.channels, fusion),
        mode=RelevanceMode(
            _known(f"{at}relevance_mode", message.relevance_mode, pb.RelevanceMode) or RelevanceMode.FILL
        ),
        fusion=fusion,
        generation_id=GenerationId(_id(f"{at}generation_id", message.generation_id)) if message.generation_id else None,
        debug=message.debug,
        at_ms=_time_ms(f"{at}at", message.at) if message.HasField("at") else None,
    )


def to_item_id(message: pb.ExplainRequest) -> ItemId:
    """The item that `Explain` is asked about."""
    return ItemId(_text("item_id", message.item_id, ID_BYTES_MAX))


def to_slow_limit(message: pb.ListSlowRequestsRequest) -> int:
    """How many slow requests are wanted at most."""
    return _within("limit", message.limit, SLOW_MAX) or SLOW_DEFAULT


def to_response(result: Result) -> pb.RetrieveResponse:
    """The answer on the wire: columns."""
    response = pb.RetrieveResponse(
        request_id=result.request_id,
        generation_id=result.generation_id,
        item_ids=result.item_ids,
        judged=result.judged,
        dropped=len(result.dropped),
        dropped_by=_dropped_by(result.dropped_by),
        channel_reports=[_report(report) for report in result.reports],
        freshness=_freshness(result),
        degraded=[pb.DegradedReason.Name(reason) for reason in result.degraded],
        intent=_intent(result.intent),
        dropped_item_ids=result.dropped_item_ids,
        dropped_verdicts=result.dropped_verdicts.tolist() if result.dropped_item_ids else (),
        standings=_standings(result.kept) if any(report.item_ids for report in result.reports) else (),
        relaxed=result.relaxed,
    )
    response.MergeFromString(
        packed_floats(pb.RetrieveResponse.SCORES_FIELD_NUMBER, result.kept.scores)
        + packed_small(pb.RetrieveResponse.CHANNELS_FIELD_NUMBER, result.kept.channels)
        + packed_small(pb.RetrieveResponse.VERDICTS_FIELD_NUMBER, result.kept_verdicts)
    )
    return response


def to_explain_response(explanation: Explanation) -> pb.ExplainResponse:
    """The way of one item on the wire."""
    return pb.ExplainResponse(
        generation_id=explanation.generation_id,
        in_catalogue=explanation.in_catalogue,
        in_index=explanation.in_index,
        ranks=[
            pb.ChannelRank(
                channel=pb.Channel.Name(place.channel), rank=place.rank, score=place.score, exact_rank=place.exact
            )
            for place in explanation.places
        ],
        verdict=pb.Verdict.Name(explanation.verdict),
        position=explanation.position,
        summary=explanation.summary,
        would_let_in=explanation.would_let_in,
    )


def to_status_response(report: StatusReport) -> pb.GetStatusResponse:
    """What the server serves, on the wire."""
    live = report.live
    return pb.GetStatusResponse(
        live=None if live is None else _served(live),
        version=report.version,
        channels=[pb.Channel.Name(channel) for channel in report.channels],
        catalogue_revision=report.catalogue_revision,
        catalogue_items=report.catalogue_items,
        started=to_timestamp(report.started_ms),
        processes=[_process(entry) for entry in report.processes],
    )


def to_stages(stages: Sequence[Step]) -> list[pb.StageTime]:
    """How long each stage took, on the wire."""
    return [pb.StageTime(stage=stage.name, milliseconds=stage.milliseconds) for stage in stages]


def to_slow_response(slow_ms: float, slowest: Sequence[SlowRequest]) -> pb.ListSlowRequestsResponse:
    """The kept requests on the wire. `slow_ms`: from how many milliseconds on one is kept."""
    return pb.ListSlowRequestsResponse(threshold_milliseconds=slow_ms, requests=[_slow(slow) for slow in slowest])


def _slow(slow: SlowRequest) -> pb.SlowRequest:
    return pb.SlowRequest(
        request_id=slow.request.request_id,
        time=to_timestamp(slow.at_ms),
        milliseconds=slow.milliseconds,
        generation_id=slow.generation_id or "",
        request=to_request_message(slow.request),
        stages=to_stages(slow.stages),
        channel_reports=[_told(channel) for channel in slow.channels],
        degraded=[pb.DegradedReason.Name(reason) for reason in slow.degraded],
        judged=slow.judged,
        returned=slow.returned,
        dropped_by=_dropped_by(slow.dropped_by),
        intent=None if slow.intent is None else _intent(slow.intent),
        relaxed=slow.relaxed,
    )


def to_request_message(request: Request) -> pb.RetrieveRequest:
    """A request as it could be asked again, but for its session events."""
    wanted = request.filters
    filters = pb.Filters(
        brands=wanted.brands,
        categories=wanted.categories,
        shops=wanted.shops,
        min_price=wanted.min_price,
        max_price=wanted.max_price,
    )
    return pb.RetrieveRequest(
        query=request.query,
        user_id=request.user_id or "",
        limit=request.limit,
        filters=filters,
        channels=[_asked(quota, request.fusion) for quota in request.channels],
        relevance_mode=pb.RelevanceMode.Name(request.mode),
        fusion=pb.Fusion.Name(request.fusion),
        generation_id=request.generation_id or "",
        debug=request.debug,
        at=None if request.at_ms is None else to_timestamp(request.at_ms),
    )


def _asked(quota: ChannelQuota, fusion: FusionKind) -> pb.ChannelRequest:
    weight = quota.weight if fusion is FusionKind.WEIGHTED_SCORES else None
    return pb.ChannelRequest(channel=pb.Channel.Name(quota.channel), quota=quota.quota or 0, weight=weight)


def _told(told: ChannelTold) -> pb.ChannelReport:
    return pb.ChannelReport(
        channel=pb.Channel.Name(told.channel),
        hits=told.hits,
        milliseconds=told.milliseconds,
        problem=told.problem,
        passed=told.passed,
    )


def _dropped_by(counts: Mapping[Verdict, int]) -> list[pb.VerdictCount]:
    return [pb.VerdictCount(verdict=pb.Verdict.Name(verdict), count=count) for verdict, count in counts.items()]


def _intent(intent: Intent) -> pb.Intent:
    kinds = (
        (pb.DEMAND_KIND_BRAND, intent.brands),
        (pb.DEMAND_KIND_CATEGORY, intent.categories),
        (pb.DEMAND_KIND_ATTRIBUTE, intent.attributes),
        (pb.DEMAND_KIND_WORD, intent.words),
        (pb.DEMAND_KIND_NOT_BRAND, intent.without_brands),
        (pb.DEMAND_KIND_NOT_CATEGORY, intent.without_categories),
    )
    demands = [_demand(kind, demand) for kind, found in kinds for demand in found]
    return pb.Intent(brands=intent.brand_names, categories=intent.category_paths, demands=demands)


def _demand(kind: pb.DemandKind, demand: Demand) -> pb.Demand:
    return pb.Demand(
        kind=kind,
        name=demand.name,
        value=demand.value,
        confidence=demand.confidence,
        words=demand.words,
        source=demand.source,
    )


def _process(entry: Entry) -> pb.ProcessStatus:
    return pb.ProcessStatus(
        number=entry.number,
        serving=entry.serving,
        generation_id=entry.generation_id,
        catalogue_revision=entry.catalogue_revision,
        started=to_timestamp(entry.started_ms) if entry.started_ms else None,
        restarts=entry.restarts,
    )


def _served(live: ServedGeneration) -> pb.GenerationStatus:
    return pb.GenerationStatus(generation_id=live.generation_id, items=live.items, index=live.index)


def to_timestamp(at_ms: int) -> Timestamp:
    """Milliseconds since 1970 as a message."""
    stamp = Timestamp()
    stamp.FromMilliseconds(at_ms)
    return stamp


def _report(report: ChannelReport) -> pb.ChannelReport:
    return pb.ChannelReport(
        channel=pb.Channel.Name(report.channel),
        hits=len(report.hits),
        milliseconds=report.milliseconds,
        problem=report.problem,
        item_ids=report.item_ids,
        scores=report.hits.scores.tolist() if report.item_ids else (),
        passed=report.passed,
    )


def _standings(kept: Candidates) -> list[pb.ChannelStanding]:
    return [
        pb.ChannelStanding(channel=pb.Channel.Name(channel), ranks=ranks.tolist(), scores=scores.tolist())
        for (channel, _), ranks, scores in zip(kept.found, kept.ranks, kept.raw_scores(), strict=True)
    ]


def _freshness(result: Result) -> pb.Freshness:
    newest_ms = result.freshness.newest_behavior_ms
    return pb.Freshness(
        newest_behavior=None if newest_ms is None else to_timestamp(newest_ms),
        catalogue_revision=result.freshness.catalogue_revision,
    )


def _recent_events(field: str, messages: Sequence[pb.SessionEvent]) -> tuple[SessionEvent, ...]:
    if len(messages) > RECENT_EVENTS_MAX:
        raise InvalidRequest(field, f"has {len(messages)} events", cure=f"send the newest {RECENT_EVENTS_MAX}")
    return tuple(_recent_event(f"{field}[{i}]", message) for i, message in enumerate(messages))


def _recent_event(field: str, message: pb.SessionEvent) -> SessionEvent:
    action = _known(f"{field}.action", message.action, pb.Action)
    if not action:
        raise InvalidRequest(f"{field}.action", "is not set", cure="say what the user did, e.g. ACTION_CLICK")
    return SessionEvent(
        item_id=ItemId(_text(f"{field}.item_id", message.item_id, ID_BYTES_MAX)),
        action=Action(action),
        at_ms=_time_ms(f"{field}.time", message.time if message.HasField("time") else None),
    )


def _time_ms(field: str, stamp: Timestamp | None) -> int:
    try:
        at_ms = -1 if stamp is None else stamp.ToMilliseconds()
    except ValueError:  # seconds or nanos beyond what a Timestamp may hold
        at_ms = -1
    if at_ms < 0:
        raise InvalidRequest(field, "is no time after 1970", cure="send when it happened")
    return at_ms


def _filters(field: str, message: pb.Filters) -> Filters:
    low = _price(f"{field}.min_price", message.min_price) if message.HasField("min_price") else None
    high = _price(f"{field}.max_price", message.max_price) if message.HasField("max_price") else None
    if low is not None and high is not None and low > high:
        problem = f"is {low:g}, above max_price, which is {high:g}"
        raise InvalidRequest(f"{field}.min_price", problem, cure="swap the two")
    return Filters(
        brands=_values(f"{field}.brands", message.brands),
        categories=_values(f"{field}.categories", message.categories),
        shops=_values(f"{field}.shops", message.shops),
        min_price=low,
        max_price=high,
    )


def _channels(field: str, messages: Sequence[pb.ChannelRequest], fusion: FusionKind) -> tuple[ChannelQuota, ...]:
    asked: dict[ChannelName, ChannelQuota] = {}
    for i, message in enumerate(messages):
        number = _known(f"{field}[{i}].channel", message.channel, pb.Channel)
        if not number:
            raise InvalidRequest(f"{field}[{i}].channel", "is not set", cure="name a channel, e.g. CHANNEL_VECTOR")
        channel = ChannelName(number)
        if channel in asked:
            problem = f"CHANNEL_{channel.name} stands there twice"
            raise InvalidRequest(f"{field}[{i}].channel", problem, cure="name each channel once")
        quota = _within(f"{field}[{i}].quota", message.quota, LIMIT_MAX) or None
        asked[channel] = ChannelQuota(channel, quota, _weight(f"{field}[{i}].weight", message, fusion))
    return tuple(asked.values()) or EVERY_CHANNEL


def _weight(field: str, message: pb.ChannelRequest, fusion: FusionKind) -> float:
    if not message.HasField("weight"):
        return USUAL_WEIGHTS[ChannelName(message.channel)]
    if fusion in UNWEIGHTED:
        # Read by nobody, it would look as if it had been heard.
        problem = f"is set, and FUSION_{fusion.name} reads no weights"
        raise InvalidRequest(
            field, problem, cure="ask for FUSION_RECIPROCAL_RANK or FUSION_WEIGHTED_SCORES, or leave it out"
        )
    if not 0 <= message.weight <= WEIGHT_MAX:  # false for what is no number, too
        raise InvalidRequest(field, f"is {message.weight:g}", cure=f"send a number from 0 to {WEIGHT_MAX:.0f}")
    return message.weight


def _values(field: str, values: Iterable[str]) -> tuple[str, ...]:
    given = tuple(values)
    if len(given) > FILTER_VALUES_MAX:
        raise InvalidRequest(field, f"has {len(given)} values", cure=f"send at most {FILTER_VALUES_MAX}")
    return tuple(_text(f"{field}[{i}]", value, FILTER_BYTES_MAX) for i, value in enumerate(given))


def _id(field: str, value: str) -> str:
    return _text(field, value, ID_BYTES_MAX)


def _text(field: str, value: str, bytes_max: int) -> str:
    # Never the value itself: it may be long, and messages end up in logs.
    if not value.strip():
        raise InvalidRequest(field, "is empty", cure=f"send 1 to {bytes_max} bytes of text")
    size = len(value.encode("utf-8"))
    if size > bytes_max:
        raise InvalidRequest(field, f"is {size} bytes", cure=f"send at most {bytes_max}")
    return value


def _within(field: str, value: int, high: int) -> int:
    if not 0 <= value <= high:
        raise InvalidRequest(field, f"is {value}", cure=f"send 1 to {high}, or 0 for the default")
    return value


def _price(field: str, value: float) -> float:
    if not math.isfinite(value) or value < 0:
        raise InvalidRequest(field, f"is {value}", cure="send a number of 0 or more")
    return value


def _known(field: str, number: int, enum: EnumTypeWrapper) -> int:
    if number not in enum.values():
        raise InvalidRequest(
            field, f"is {number}, which means nothing here", cure=f"use one of {', '.join(enum.keys())}"
        )
    return number
