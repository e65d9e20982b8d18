import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Channel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANNEL_UNSPECIFIED: _ClassVar[Channel]
    CHANNEL_VECTOR: _ClassVar[Channel]
    CHANNEL_LEXICAL: _ClassVar[Channel]
    CHANNEL_NEIGHBOURS: _ClassVar[Channel]

class Fusion(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FUSION_UNSPECIFIED: _ClassVar[Fusion]
    FUSION_RECIPROCAL_RANK: _ClassVar[Fusion]
    FUSION_WEIGHTED_SCORES: _ClassVar[Fusion]
    FUSION_INTERLEAVE: _ClassVar[Fusion]
    FUSION_UNION: _ClassVar[Fusion]

class RelevanceMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELEVANCE_MODE_UNSPECIFIED: _ClassVar[RelevanceMode]
    RELEVANCE_MODE_FILL: _ClassVar[RelevanceMode]
    RELEVANCE_MODE_STRICT: _ClassVar[RelevanceMode]
    RELEVANCE_MODE_DEMOTE: _ClassVar[RelevanceMode]
    RELEVANCE_MODE_OFF: _ClassVar[RelevanceMode]

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_KEPT: _ClassVar[Verdict]
    VERDICT_STATUS: _ClassVar[Verdict]
    VERDICT_BRAND: _ClassVar[Verdict]
    VERDICT_CATEGORY: _ClassVar[Verdict]
    VERDICT_FILTER: _ClassVar[Verdict]
    VERDICT_UNKNOWN_ITEM: _ClassVar[Verdict]
    VERDICT_ATTRIBUTE: _ClassVar[Verdict]
    VERDICT_WORD: _ClassVar[Verdict]
    VERDICT_EXCLUDED: _ClassVar[Verdict]
    VERDICT_SCORE: _ClassVar[Verdict]

class DemandKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEMAND_KIND_UNSPECIFIED: _ClassVar[DemandKind]
    DEMAND_KIND_BRAND: _ClassVar[DemandKind]
    DEMAND_KIND_CATEGORY: _ClassVar[DemandKind]
    DEMAND_KIND_ATTRIBUTE: _ClassVar[DemandKind]
    DEMAND_KIND_WORD: _ClassVar[DemandKind]
    DEMAND_KIND_NOT_BRAND: _ClassVar[DemandKind]
    DEMAND_KIND_NOT_CATEGORY: _ClassVar[DemandKind]

class DegradedReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEGRADED_REASON_UNSPECIFIED: _ClassVar[DegradedReason]
    DEGRADED_REASON_USER_FEATURES: _ClassVar[DegradedReason]
    DEGRADED_REASON_CHANNEL_LATE: _ClassVar[DegradedReason]
    DEGRADED_REASON_CHANNEL_FAILED: _ClassVar[DegradedReason]
    DEGRADED_REASON_NOT_FILLED: _ClassVar[DegradedReason]

class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_UNSPECIFIED: _ClassVar[Action]
    ACTION_CLICK: _ClassVar[Action]
    ACTION_COLLECT: _ClassVar[Action]
    ACTION_CART: _ClassVar[Action]
    ACTION_ORDER: _ClassVar[Action]
CHANNEL_UNSPECIFIED: Channel
CHANNEL_VECTOR: Channel
CHANNEL_LEXICAL: Channel
CHANNEL_NEIGHBOURS: Channel
FUSION_UNSPECIFIED: Fusion
FUSION_RECIPROCAL_RANK: Fusion
FUSION_WEIGHTED_SCORES: Fusion
FUSION_INTERLEAVE: Fusion
FUSION_UNION: Fusion
RELEVANCE_MODE_UNSPECIFIED: RelevanceMode
RELEVANCE_MODE_FILL: RelevanceMode
RELEVANCE_MODE_STRICT: RelevanceMode
RELEVANCE_MODE_DEMOTE: RelevanceMode
RELEVANCE_MODE_OFF: RelevanceMode
VERDICT_UNSPECIFIED: Verdict
VERDICT_KEPT: Verdict
VERDICT_STATUS: Verdict
VERDICT_BRAND: Verdict
VERDICT_CATEGORY: Verdict
VERDICT_FILTER: Verdict
VERDICT_UNKNOWN_ITEM: Verdict
VERDICT_ATTRIBUTE: Verdict
VERDICT_WORD: Verdict
VERDICT_EXCLUDED: Verdict
VERDICT_SCORE: Verdict
DEMAND_KIND_UNSPECIFIED: DemandKind
DEMAND_KIND_BRAND: DemandKind
DEMAND_KIND_CATEGORY: DemandKind
DEMAND_KIND_ATTRIBUTE: DemandKind
DEMAND_KIND_WORD: DemandKind
DEMAND_KIND_NOT_BRAND: DemandKind
DEMAND_KIND_NOT_CATEGORY: DemandKind
DEGRADED_REASON_UNSPECIFIED: DegradedReason
DEGRADED_REASON_USER_FEATURES: DegradedReason
DEGRADED_REASON_CHANNEL_LATE: DegradedReason
DEGRADED_REASON_CHANNEL_FAILED: DegradedReason
DEGRADED_REASON_NOT_FILLED: DegradedReason
ACTION_UNSPECIFIED: Action
ACTION_CLICK: Action
ACTION_COLLECT: Action
ACTION_CART: Action
ACTION_ORDER: Action

class SessionEvent(_message.Message):
    __slots__ = ("item_id", "action", "time")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    action: Action
    time: _timestamp_pb2.Timestamp
    def __init__(self, item_id: _Optional[str] = ..., action: _Optional[_Union[Action, str]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Filters(_message.Message):
    __slots__ = ("brands", "categories", "shops", "min_price", "max_price")
    BRANDS_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    SHOPS_FIELD_NUMBER: _ClassVar[int]
    MIN_PRICE_FIELD_NUMBER: _ClassVar[int]
    MAX_PRICE_FIELD_NUMBER: _ClassVar[int]
    brands: _containers.RepeatedScalarFieldContainer[str]
    categories: _containers.RepeatedScalarFieldContainer[str]
    shops: _containers.RepeatedScalarFieldContainer[str]
    min_price: float
    max_price: float
    def __init__(self, brands: _Optional[_Iterable[str]] = ..., categories: _Optional[_Iterable[str]] = ..., shops: _Optional[_Iterable[str]] = ..., min_price: _Optional[float] = ..., max_price: _Optional[float] = ...) -> None: ...

class ChannelRequest(_message.Message):
    __slots__ = ("channel", "quota", "weight")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    QUOTA_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    channel: Channel
    quota: int
    weight: float
    def __init__(self, channel: _Optional[_Union[Channel, str]] = ..., quota: _Optional[int] = ..., weight: _Optional[float] = ...) -> None: ...

class RetrieveRequest(_message.Message):
    __slots__ = ("query", "user_id", "recent_events", "limit", "filters", "channels", "relevance_mode", "fusion", "generation_id", "debug", "at")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    RECENT_EVENTS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    RELEVANCE_MODE_FIELD_NUMBER: _ClassVar[int]
    FUSION_FIELD_NUMBER: _ClassVar[int]
    GENERATION_ID_FIELD_NUMBER: _ClassVar[int]
    DEBUG_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    query: str
    user_id: str
    recent_events: _containers.RepeatedCompositeFieldContainer[SessionEvent]
    limit: int
    filters: Filters
    channels: _containers.RepeatedCompositeFieldContainer[ChannelRequest]
    relevance_mode: RelevanceMode
    fusion: Fusion
    generation_id: str
    debug: bool
    at: _timestamp_pb2.Timestamp
    def __init__(self, query: _Optional[str] = ..., user_id: _Optional[str] = ..., recent_events: _Optional[_Iterable[_Union[SessionEvent, _Mapping]]] = ..., limit: _Optional[int] = ..., filters: _Optional[_Union[Filters, _Mapping]] = ..., channels: _Optional[_Iterable[_Union[ChannelRequest, _Mapping]]] = ..., relevance_mode: _Optional[_Union[RelevanceMode, str]] = ..., fusion: _Optional[_Union[Fusion, str]] = ..., generation_id: _Optional[str] = ..., debug: _Optional[bool] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ChannelReport(_message.Message):
    __slots__ = ("channel", "hits", "milliseconds", "problem", "item_ids", "scores", "passed")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    HITS_FIELD_NUMBER: _ClassVar[int]
    MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    channel: Channel
    hits: int
    milliseconds: float
    problem: str
    item_ids: _containers.RepeatedScalarFieldContainer[str]
    scores: _containers.RepeatedScalarFieldContainer[float]
    passed: int
    def __init__(self, channel: _Optional[_Union[Channel, str]] = ..., hits: _Optional[int] = ..., milliseconds: _Optional[float] = ..., problem: _Optional[str] = ..., item_ids: _Optional[_Iterable[str]] = ..., scores: _Optional[_Iterable[float]] = ..., passed: _Optional[int] = ...) -> None: ...

class ChannelStanding(_message.Message):
    __slots__ = ("channel", "ranks", "scores")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    RANKS_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    channel: Channel
    ranks: _containers.RepeatedScalarFieldContainer[int]
    scores: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, channel: _Optional[_Union[Channel, str]] = ..., ranks: _Optional[_Iterable[int]] = ..., scores: _Optional[_Iterable[float]] = ...) -> None: ...

class VerdictCount(_message.Message):
    __slots__ = ("verdict", "count")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    verdict: Verdict
    count: int
    def __init__(self, verdict: _Optional[_Union[Verdict, str]] = ..., count: _Optional[int] = ...) -> None: ...

class StageTime(_message.Message):
    __slots__ = ("stage", "milliseconds")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    stage: str
    milliseconds: float
    def __init__(self, stage: _Optional[str] = ..., milliseconds: _Optional[float] = ...) -> None: ...

class Freshness(_message.Message):
    __slots__ = ("newest_behavior", "catalogue_revision")
    NEWEST_BEHAVIOR_FIELD_NUMBER: _ClassVar[int]
    CATALOGUE_REVISION_FIELD_NUMBER: _ClassVar[int]
    newest_behavior: _timestamp_pb2.Timestamp
    catalogue_revision: int
    def __init__(self, newest_behavior: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., catalogue_revision: _Optional[int] = ...) -> None: ...

class Demand(_message.Message):
    __slots__ = ("kind", "name", "value", "confidence", "words", "source")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    kind: DemandKind
    name: str
    value: str
    confidence: float
    words: _containers.RepeatedScalarFieldContainer[str]
    source: str
    def __init__(self, kind: _Optional[_Union[DemandKind, str]] = ..., name: _Optional[str] = ..., value: _Optional[str] = ..., confidence: _Optional[float] = ..., words: _Optional[_Iterable[str]] = ..., source: _Optional[str] = ...) -> None: ...

class Intent(_message.Message):
    __slots__ = ("brands", "categories", "demands")
    BRANDS_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    DEMANDS_FIELD_NUMBER: _ClassVar[int]
    brands: _containers.RepeatedScalarFieldContainer[str]
    categories: _containers.RepeatedScalarFieldContainer[str]
    demands: _containers.RepeatedCompositeFieldContainer[Demand]
    def __init__(self, brands: _Optional[_Iterable[str]] = ..., categories: _Optional[_Iterable[str]] = ..., demands: _Optional[_Iterable[_Union[Demand, _Mapping]]] = ...) -> None: ...

class RetrieveResponse(_message.Message):
    __slots__ = ("request_id", "generation_id", "item_ids", "scores", "channels", "verdicts", "judged", "dropped", "dropped_by", "channel_reports", "freshness", "degraded", "intent", "dropped_item_ids", "dropped_verdicts", "standings", "stages", "relaxed")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    JUDGED_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    DROPPED_BY_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_REPORTS_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    INTENT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    DROPPED_VERDICTS_FIELD_NUMBER: _ClassVar[int]
    STANDINGS_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    RELAXED_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    generation_id: str
    item_ids: _containers.RepeatedScalarFieldContainer[str]
    scores: _containers.RepeatedScalarFieldContainer[float]
    channels: _containers.RepeatedScalarFieldContainer[int]
    verdicts: _containers.RepeatedScalarFieldContainer[Verdict]
    judged: int
    dropped: int
    dropped_by: _containers.RepeatedCompositeFieldContainer[VerdictCount]
    channel_reports: _containers.RepeatedCompositeFieldContainer[ChannelReport]
    freshness: Freshness
    degraded: _containers.RepeatedScalarFieldContainer[DegradedReason]
    intent: Intent
    dropped_item_ids: _containers.RepeatedScalarFieldContainer[str]
    dropped_verdicts: _containers.RepeatedScalarFieldContainer[Verdict]
    standings: _containers.RepeatedCompositeFieldContainer[ChannelStanding]
    stages: _containers.RepeatedCompositeFieldContainer[StageTime]
    relaxed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., generation_id: _Optional[str] = ..., item_ids: _Optional[_Iterable[str]] = ..., scores: _Optional[_Iterable[float]] = ..., channels: _Optional[_Iterable[int]] = ..., verdicts: _Optional[_Iterable[_Union[Verdict, str]]] = ..., judged: _Optional[int] = ..., dropped: _Optional[int] = ..., dropped_by: _Optional[_Iterable[_Union[VerdictCount, _Mapping]]] = ..., channel_reports: _Optional[_Iterable[_Union[ChannelReport, _Mapping]]] = ..., freshness: _Optional[_Union[Freshness, _Mapping]] = ..., degraded: _Optional[_Iterable[_Union[DegradedReason, str]]] = ..., intent: _Optional[_Union[Intent, _Mapping]] = ..., dropped_item_ids: _Optional[_Iterable[str]] = ..., dropped_verdicts: _Optional[_Iterable[_Union[Verdict, str]]] = ..., standings: _Optional[_Iterable[_Union[ChannelStanding, _Mapping]]] = ..., stages: _Optional[_Iterable[_Union[StageTime, _Mapping]]] = ..., relaxed: _Optional[_Iterable[str]] = ...) -> None: ...

class ExplainRequest(_message.Message):
    __slots__ = ("request", "item_id")
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    request: RetrieveRequest
    item_id: str
    def __init__(self, request: _Optional[_Union[RetrieveRequest, _Mapping]] = ..., item_id: _Optional[str] = ...) -> None: ...

class ChannelRank(_message.Message):
    __slots__ = ("channel", "rank", "score", "exact_rank")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    EXACT_RANK_FIELD_NUMBER: _ClassVar[int]
    channel: Channel
    rank: int
    score: float
    exact_rank: int
    def __init__(self, channel: _Optional[_Union[Channel, str]] = ..., rank: _Optional[int] = ..., score: _Optional[float] = ..., exact_rank: _Optional[int] = ...) -> None: ...

class ExplainResponse(_message.Message):
    __slots__ = ("generation_id", "in_catalogue", "in_index", "ranks", "verdict", "position", "summary", "would_let_in")
    GENERATION_ID_FIELD_NUMBER: _ClassVar[int]
    IN_CATALOGUE_FIELD_NUMBER: _ClassVar[int]
    IN_INDEX_FIELD_NUMBER: _ClassVar[int]
    RANKS_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    WOULD_LET_IN_FIELD_NUMBER: _ClassVar[int]
    generation_id: str
    in_catalogue: bool
    in_index: bool
    ranks: _containers.RepeatedCompositeFieldContainer[ChannelRank]
    verdict: Verdict
    position: int
    summary: str
    would_let_in: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, generation_id: _Optional[str] = ..., in_catalogue: _Optional[bool] = ..., in_index: _Optional[bool] = ..., ranks: _Optional[_Iterable[_Union[ChannelRank, _Mapping]]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., position: _Optional[int] = ..., summary: _Optional[str] = ..., would_let_in: _Optional[_Iterable[str]] = ...) -> None: ...

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GenerationStatus(_message.Message):
    __slots__ = ("generation_id", "items", "index")
    GENERATION_ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    generation_id: str
    items: int
    index: str
    def __init__(self, generation_id: _Optional[str] = ..., items: _Optional[int] = ..., index: _Optional[str] = ...) -> None: ...

class ProcessStatus(_message.Message):
    __slots__ = ("number", "serving", "generation_id", "catalogue_revision", "started", "restarts")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SERVING_FIELD_NUMBER: _ClassVar[int]
    GENERATION_ID_FIELD_NUMBER: _ClassVar[int]
    CATALOGUE_REVISION_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    RESTARTS_FIELD_NUMBER: _ClassVar[int]
    number: int
    serving: bool
    generation_id: str
    catalogue_revision: int
    started: _timestamp_pb2.Timestamp
    restarts: int
    def __init__(self, number: _Optional[int] = ..., serving: _Optional[bool] = ..., generation_id: _Optional[str] = ..., catalogue_revision: _Optional[int] = ..., started: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., restarts: _Optional[int] = ...) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("live", "version", "channels", "catalogue_revision", "catalogue_items", "started", "processes")
    LIVE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    CATALOGUE_REVISION_FIELD_NUMBER: _ClassVar[int]
    CATALOGUE_ITEMS_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    live: GenerationStatus
    version: str
    channels: _containers.RepeatedScalarFieldContainer[Channel]
    catalogue_revision: int
    catalogue_items: int
    started: _timestamp_pb2.Timestamp
    processes: _containers.RepeatedCompositeFieldContainer[ProcessStatus]
    def __init__(self, live: _Optional[_Union[GenerationStatus, _Mapping]] = ..., version: _Optional[str] = ..., channels: _Optional[_Iterable[_Union[Channel, str]]] = ..., catalogue_revision: _Optional[int] = ..., catalogue_items: _Optional[int] = ..., started: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., processes: _Optional[_Iterable[_Union[ProcessStatus, _Mapping]]] = ...) -> None: ...

class ListSlowRequestsRequest(_message.Message):
    __slots__ = ("limit",)
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    limit: int
    def __init__(self, limit: _Optional[int] = ...) -> None: ...

class SlowRequest(_message.Message):
    __slots__ = ("request_id", "time", "milliseconds", "generation_id", "request", "stages", "channel_reports", "degraded", "judged", "returned", "dropped_by", "intent", "relaxed")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    GENERATION_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_REPORTS_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    JUDGED_FIELD_NUMBER: _ClassVar[int]
    RETURNED_FIELD_NUMBER: _ClassVar[int]
    DROPPED_BY_FIELD_NUMBER: _ClassVar[int]
    INTENT_FIELD_NUMBER: _ClassVar[int]
    RELAXED_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    time: _timestamp_pb2.Timestamp
    milliseconds: float
    generation_id: str
    request: RetrieveRequest
    stages: _containers.RepeatedCompositeFieldContainer[StageTime]
    channel_reports: _containers.RepeatedCompositeFieldContainer[ChannelReport]
    degraded: _containers.RepeatedScalarFieldContainer[DegradedReason]
    judged: int
    returned: int
    dropped_by: _containers.RepeatedCompositeFieldContainer[VerdictCount]
    intent: Intent
    relaxed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., milliseconds: _Optional[float] = ..., generation_id: _Optional[str] = ..., request: _Optional[_Union[RetrieveRequest, _Mapping]] = ..., stages: _Optional[_Iterable[_Union[StageTime, _Mapping]]] = ..., channel_reports: _Optional[_Iterable[_Union[ChannelReport, _Mapping]]] = ..., degraded: _Optional[_Iterable[_Union[DegradedReason, str]]] = ..., judged: _Optional[int] = ..., returned: _Optional[int] = ..., dropped_by: _Optional[_Iterable[_Union[VerdictCount, _Mapping]]] = ..., intent: _Optional[_Union[Intent, _Mapping]] = ..., relaxed: _Optional[_Iterable[str]] = ...) -> None: ...

class ListSlowRequestsResponse(_message.Message):
    __slots__ = ("threshold_milliseconds", "requests")
    THRESHOLD_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    threshold_milliseconds: float
    requests: _containers.RepeatedCompositeFieldContainer[SlowRequest]
    def __init__(self, threshold_milliseconds: _Optional[float] = ..., requests: _Optional[_Iterable[_Union[SlowRequest, _Mapping]]] = ...) -> None: ...
