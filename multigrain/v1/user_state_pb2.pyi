from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class StoredUserState(_message.Message):
    __slots__ = ("words", "items", "leaf_categories", "top_categories", "brands", "shops", "actions", "at_ms", "queries", "query_at_ms")
    WORDS_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    LEAF_CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    TOP_CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    BRANDS_FIELD_NUMBER: _ClassVar[int]
    SHOPS_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    QUERIES_FIELD_NUMBER: _ClassVar[int]
    QUERY_AT_MS_FIELD_NUMBER: _ClassVar[int]
    words: _containers.RepeatedScalarFieldContainer[str]
    items: _containers.RepeatedScalarFieldContainer[int]
    leaf_categories: _containers.RepeatedScalarFieldContainer[int]
    top_categories: _containers.RepeatedScalarFieldContainer[int]
    brands: _containers.RepeatedScalarFieldContainer[int]
    shops: _containers.RepeatedScalarFieldContainer[int]
    actions: _containers.RepeatedScalarFieldContainer[int]
    at_ms: _containers.RepeatedScalarFieldContainer[int]
    queries: _containers.RepeatedScalarFieldContainer[str]
    query_at_ms: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, words: _Optional[_Iterable[str]] = ..., items: _Optional[_Iterable[int]] = ..., leaf_categories: _Optional[_Iterable[int]] = ..., top_categories: _Optional[_Iterable[int]] = ..., brands: _Optional[_Iterable[int]] = ..., shops: _Optional[_Iterable[int]] = ..., actions: _Optional[_Iterable[int]] = ..., at_ms: _Optional[_Iterable[int]] = ..., queries: _Optional[_Iterable[str]] = ..., query_at_ms: _Optional[_Iterable[int]] = ...) -> None: ...
