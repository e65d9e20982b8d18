import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ItemStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ITEM_STATUS_UNSPECIFIED: _ClassVar[ItemStatus]
    ITEM_STATUS_ACTIVE: _ClassVar[ItemStatus]
    ITEM_STATUS_INACTIVE: _ClassVar[ItemStatus]
ITEM_STATUS_UNSPECIFIED: ItemStatus
ITEM_STATUS_ACTIVE: ItemStatus
ITEM_STATUS_INACTIVE: ItemStatus

class Event(_message.Message):
    __slots__ = ("event_id", "time", "item_upserted", "item_patched", "item_removed", "searched", "clicked", "collected", "carted", "ordered")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    ITEM_UPSERTED_FIELD_NUMBER: _ClassVar[int]
    ITEM_PATCHED_FIELD_NUMBER: _ClassVar[int]
    ITEM_REMOVED_FIELD_NUMBER: _ClassVar[int]
    SEARCHED_FIELD_NUMBER: _ClassVar[int]
    CLICKED_FIELD_NUMBER: _ClassVar[int]
    COLLECTED_FIELD_NUMBER: _ClassVar[int]
    CARTED_FIELD_NUMBER: _ClassVar[int]
    ORDERED_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    time: _timestamp_pb2.Timestamp
    item_upserted: ItemUpserted
    item_patched: ItemPatched
    item_removed: ItemRemoved
    searched: Searched
    clicked: Clicked
    collected: Collected
    carted: Carted
    ordered: Ordered
    def __init__(self, event_id: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., item_upserted: _Optional[_Union[ItemUpserted, _Mapping]] = ..., item_patched: _Optional[_Union[ItemPatched, _Mapping]] = ..., item_removed: _Optional[_Union[ItemRemoved, _Mapping]] = ..., searched: _Optional[_Union[Searched, _Mapping]] = ..., clicked: _Optional[_Union[Clicked, _Mapping]] = ..., collected: _Optional[_Union[Collected, _Mapping]] = ..., carted: _Optional[_Union[Carted, _Mapping]] = ..., ordered: _Optional[_Union[Ordered, _Mapping]] = ...) -> None: ...

class ItemUpserted(_message.Message):
    __slots__ = ("item_id", "source_version", "title", "brand", "category_path", "shop", "price", "stock", "status", "attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    BRAND_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_PATH_FIELD_NUMBER: _ClassVar[int]
    SHOP_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    STOCK_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    source_version: int
    title: str
    brand: str
    category_path: _containers.RepeatedScalarFieldContainer[str]
    shop: str
    price: float
    stock: int
    status: ItemStatus
    attributes: _containers.ScalarMap[str, str]
    def __init__(self, item_id: _Optional[str] = ..., source_version: _Optional[int] = ..., title: _Optional[str] = ..., brand: _Optional[str] = ..., category_path: _Optional[_Iterable[str]] = ..., shop: _Optional[str] = ..., price: _Optional[float] = ..., stock: _Optional[int] = ..., status: _Optional[_Union[ItemStatus, str]] = ..., attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ItemPatched(_message.Message):
    __slots__ = ("item_id", "source_version", "price", "stock", "status")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    STOCK_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    source_version: int
    price: float
    stock: int
    status: ItemStatus
    def __init__(self, item_id: _Optional[str] = ..., source_version: _Optional[int] = ..., price: _Optional[float] = ..., stock: _Optional[int] = ..., status: _Optional[_Union[ItemStatus, str]] = ...) -> None: ...

class ItemRemoved(_message.Message):
    __slots__ = ("item_id", "source_version")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    source_version: int
    def __init__(self, item_id: _Optional[str] = ..., source_version: _Optional[int] = ...) -> None: ...

class Searched(_message.Message):
    __slots__ = ("user_id", "search_id", "query", "exposed_item_ids")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SEARCH_ID_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    EXPOSED_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    search_id: str
    query: str
    exposed_item_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, user_id: _Optional[str] = ..., search_id: _Optional[str] = ..., query: _Optional[str] = ..., exposed_item_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Clicked(_message.Message):
    __slots__ = ("user_id", "item_id", "search_id")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    SEARCH_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    item_id: str
    search_id: str
    def __init__(self, user_id: _Optional[str] = ..., item_id: _Optional[str] = ..., search_id: _Optional[str] = ...) -> None: ...

class Collected(_message.Message):
    __slots__ = ("user_id", "item_id", "search_id")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    SEARCH_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    item_id: str
    search_id: str
    def __init__(self, user_id: _Optional[str] = ..., item_id: _Optional[str] = ..., search_id: _Optional[str] = ...) -> None: ...

class Carted(_message.Message):
    __slots__ = ("user_id", "item_id", "search_id")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    SEARCH_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    item_id: str
    search_id: str
    def __init__(self, user_id: _Optional[str] = ..., item_id: _Optional[str] = ..., search_id: _Optional[str] = ...) -> None: ...

class Ordered(_message.Message):
    __slots__ = ("user_id", "item_id", "search_id")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    SEARCH_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    item_id: str
    search_id: str
    def __init__(self, user_id: _Optional[str] = ..., item_id: _Optional[str] = ..., search_id: _Optional[str] = ...) -> None: ...
