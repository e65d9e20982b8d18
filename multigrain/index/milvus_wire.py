"""How Milvus is spoken to: the collection of a generation, and its errors as ours."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
from pymilvus import CollectionSchema, DataType, FieldSchema
from pymilvus.exceptions import ConnectionConfigException, MilvusException
from pymilvus.grpc_gen import common_pb2

from multigrain.errors import IndexUnavailable, InvalidSpec, NotFound, WrongState
from multigrain.index.hard_filter import CATEGORY_BYTES, NAME_BYTES
from multigrain.index.specs import IndexSpec, from_dict, to_dict

KEY, VECTOR, REVISION = "item_no", "embedding", "revision"
FIELDS = (KEY, VECTOR, "category", "brand", "shop", "status", "title", REVISION)
METRIC = "IP"
TITLE_BYTES = 2048
SPEC_PROPERTY = "multigrain.spec"

_RATE_LIMIT, _NOT_FOUND, _NOT_LOADED, _INVALID = 8, 100, 101, 1100
"""Milvus's own codes."""
_HALF_WRITTEN = ("No data left in file", "EOF: reading", "Failed to read all data for array")
"""What NumPy says, and Milvus Lite passes on, of a file that is empty, or ends in its head or in its vectors."""


def schema(dims: int, spec: IndexSpec) -> CollectionSchema:
    """The collection of a generation. The spec travels with it: what a search needs cannot be read off the index."""
    fields = [
        FieldSchema(KEY, DataType.INT64, is_primary=True),
        FieldSchema(VECTOR, DataType.FLOAT_VECTOR, dim=dims),
        FieldSchema("category", DataType.VARCHAR, max_length=CATEGORY_BYTES),
        FieldSchema("brand", DataType.VARCHAR, max_length=NAME_BYTES),
        FieldSchema("shop", DataType.VARCHAR, max_length=NAME_BYTES),
        FieldSchema("status", DataType.INT64),
        FieldSchema("title", DataType.VARCHAR, max_length=TITLE_BYTES),
        FieldSchema(REVISION, DataType.INT64),
    ]
    return CollectionSchema(fields, auto_id=False, enable_dynamic_field=False, description=json.dumps(to_dict(spec)))


def read_schema(described: Mapping[str, Any]) -> tuple[int, IndexSpec]:
    """Dims and spec of a collection, as Milvus describes it. Raises WrongState when it is none of ours."""
    # Milvus Lite keeps no description, and a server may keep no property that it does not know.
    kept = described["properties"].get(SPEC_PROPERTY) or described["description"]
    try:
        vectors = next(field for field in described["fields"] if field["name"] == VECTOR)
        return int(vectors["params"]["dim"]), from_dict(json.loads(kept))
    except (StopIteration, ValueError, InvalidSpec) as error:
        name = described["collection_name"]
        raise WrongState(f"collection {name} was not made by multigrain ({error!r}): name another") from None


def is_too_often(status: common_pb2.Status) -> bool:
    """Whether it was refused for its rate alone: the same call will do later."""
    return bool(status.code == _RATE_LIMIT or status.error_code == common_pb2.RateLimit)


def is_half_written(status: common_pb2.Status) -> bool:
    """Whether Milvus Lite read an index file that a thread of its own was still writing: a moment later it is whole.

    It builds indexes after a flush in the background, and writes them in place.
    """
    return str(status.reason).startswith(_HALF_WRITTEN)


def require_success(status: common_pb2.Status) -> None:
    """Raises what pymilvus would have raised."""
    if status.code or status.error_code:
        raise MilvusException(status.code or status.error_code, status.reason)


@contextmanager
def milvus_errors(place: str) -> Iterator[None]:
    """Turns what pymilvus and gRPC raise into our errors."""
    try:
        yield
    except grpc.RpcError as error:
        problem = f"{error.code().name}, {error.details()}"
        raise IndexUnavailable(f"{place}: {problem}: is it running, and is there time enough?") from None
    except MilvusException as error:
        problem = f"{place}: {error.message.splitlines()[0] if error.message else error!r} (code {error.code})"
        if isinstance(error, ConnectionConfigException):  # what pymilvus makes of a Milvus Lite that does not start
            raise IndexUnavailable(f"{problem}: only one process at a time may open it") from None
        if error.code == _NOT_FOUND:
            raise NotFound(f"{problem}: `multigrain generations` lists what there is") from None
        if error.code == _NOT_LOADED:
            raise WrongState(f"{problem}: load it first") from None
        if error.code == _INVALID:
            raise InvalidSpec("index", problem, cure="choose other parameters or another kind") from None
        raise IndexUnavailable(f"{problem}: look at its log") from None
