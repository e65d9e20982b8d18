"""How Milvus is spoken to: the collection of a generation, a search and its reply as columns, its errors as ours.

Searches go through the generated stub: pymilvus would make of each of 10,000 hits a Python object, 10 to 20 ms of work.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
from pymilvus import CollectionSchema, DataType, FieldSchema
from pymilvus.client.constants import BOUNDED_TS
from pymilvus.client.prepare import Prepare
from pymilvus.exceptions import ConnectionConfigException, MilvusException
from pymilvus.grpc_gen import common_pb2, milvus_pb2

from multigrain.errors import IndexUnavailable, InvalidSpec, NotFound, WrongState
from multigrain.index.hard_filter import CATEGORY_BYTES, NAME_BYTES, shortened
from multigrain.index.item_index import ABSENT, Found, IndexRows
from multigrain.index.specs import IndexSpec, from_dict, to_dict
from multigrain.types import Float32s

KEY, VECTOR, REVISION = "item_no", "embedding", "revision"
METRIC = "IP"
TITLE_BYTES = 2048
SPEC_PROPERTY = "multigrain.spec"

_NOT_FOUND, _NOT_LOADED, _INVALID = 100, 101, 1100
"""Milvus's own codes."""


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


def entities(rows: IndexRows) -> list[dict[str, object]]:
    """Rows as pymilvus takes them."""
    return [
        {
            KEY: item_no,
            VECTOR: vector,
            "category": shortened(category, CATEGORY_BYTES),
            "brand": shortened(brand, NAME_BYTES),
            "shop": shortened(shop, NAME_BYTES),
            "status": int(status),
            "title": shortened(title, TITLE_BYTES),
            REVISION: revision,
        }
        for item_no, vector, category, brand, shop, status, title, revision in zip(
            rows.item_nos.tolist(),
            rows.vectors.astype(np.float32, copy=False),
            rows.categories,
            rows.brands,
            rows.shops,
            rows.statuses,
            rows.titles,
            rows.revisions.tolist(),
            strict=True,
        )
    ]


def search_request(
    name: str, vectors: Float32s, k: int, params: Mapping[str, int], expression: str, *, strong: bool
) -> milvus_pb2.SearchRequest:
    return Prepare.search_requests_with_expr(
        collection_name=name,
        anns_field=VECTOR,
        param={"metric_type": METRIC, "params": dict(params)},
        limit=k,
        data=vectors.astype(np.float32, copy=False),
        expr=expression or None,
        output_fields=[KEY],  # with none named, Milvus Lite returns every field, vectors too
        use_default_consistency=False,
        consistency_level=common_pb2.Strong if strong else common_pb2.Bounded,
        guarantee_timestamp=0 if strong else BOUNDED_TS,
    )


def found(reply: milvus_pb2.SearchResults, queries: int, k: int) -> Found:
    """The reply's columns cut into one row a query; what is missing stays ABSENT."""
    columns = Found(np.full((queries, k), ABSENT), np.full((queries, k), -np.inf, np.float32))
    item_nos = np.asarray(reply.results.ids.int_id.data, np.int64)
    scores = np.asarray(reply.results.scores, np.float32)
    start = 0
    for query, hits in enumerate(reply.results.topks):
        columns.item_nos[query, :hits] = item_nos[start : start + hits]
        columns.scores[query, :hits] = scores[start : start + hits]
        start += hits
    return columns


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
