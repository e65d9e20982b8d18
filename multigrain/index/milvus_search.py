"""A search as Milvus is asked for it, its reply as columns, and the answers of several searches as one.

pymilvus would make of each of 10,000 hits a Python object: 10 to 20 ms, where the columns take a tenth of one.
"""

import json
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from pymilvus.client.constants import BOUNDED_TS
from pymilvus.grpc_gen import common_pb2, milvus_pb2

from multigrain.index.item_index import ABSENT, Found
from multigrain.index.milvus_wire import KEY, METRIC, VECTOR
from multigrain.index.specs import Params
from multigrain.types import Float32s


def search_request(
    name: str,
    vectors: Float32s,
    k: int,
    params: Params,
    expression: str,
    *,
    partition: str = "",
    strong: bool,
) -> milvus_pb2.SearchRequest:
    """The k nearest of each vector [B, dims]; `partition`: of one only, '' for all."""
    request = milvus_pb2.SearchRequest()
    request.CopyFrom(_asking(name, k, json.dumps(dict(params)), partition, strong))
    request.dsl = expression
    request.placeholder_group = _placeholders(vectors)
    request.nq = len(vectors)
    return request


@lru_cache(maxsize=256)
def _asking(name: str, k: int, params: str, partition: str, strong: bool) -> milvus_pb2.SearchRequest:
    """All of a search but its vectors and its filter: the same for every user, and most of the work of putting one
    together.
    """
    said = {
        "topk": str(k),
        "params": params,
        "round_decimal": "-1",
        "ignore_growing": "False",
        "metric_type": METRIC,
        "anns_field": VECTOR,
    }
    return milvus_pb2.SearchRequest(
        collection_name=name,
        partition_names=[partition] if partition else [],
        dsl_type=common_pb2.BoolExprV1,
        output_fields=[KEY],  # with none named, Milvus Lite returns every field, vectors too
        search_params=[common_pb2.KeyValuePair(key=key, value=value) for key, value in said.items()],
        use_default_consistency=False,
        consistency_level=common_pb2.Strong if strong else common_pb2.Bounded,
        guarantee_timestamp=0 if strong else BOUNDED_TS,
    )


def found(reply: milvus_pb2.SearchResults, queries: int, k: int) -> Found:
    """The reply's columns cut into one row a query; what is missing stays ABSENT."""
    item_nos = np.asarray(reply.results.ids.int_id.data, np.int64)
    scores = np.asarray(reply.results.scores, np.float32)
    if len(item_nos) == queries * k:
        return Found(item_nos.reshape(queries, k), scores.reshape(queries, k))
    columns = Found(np.full((queries, k), ABSENT), np.full((queries, k), -np.inf, np.float32))
    start = 0
    for query, hits in enumerate(reply.results.topks):
        columns.item_nos[query, :hits] = item_nos[start : start + hits]
        columns.scores[query, :hits] = scores[start : start + hits]
        start += hits
    return columns


def merged(answers: Sequence[Found], k: int) -> Found:
    """The k best of answers that share no item, ties by item_no."""
    item_nos = np.concatenate([answer.item_nos for answer in answers], axis=1)
    scores = np.concatenate([answer.scores for answer in answers], axis=1)
    order = np.lexsort((item_nos, -scores), axis=1)[:, :k]
    missing = ((0, 0), (0, k - order.shape[1]))
    return Found(
        np.pad(np.take_along_axis(item_nos, order, axis=1), missing, constant_values=ABSENT),
        np.pad(np.take_along_axis(scores, order, axis=1), missing, constant_values=-np.inf),
    )


def may_hold_more(answer: Found, best: Found) -> bool:
    """Whether a partition that gave `answer` may have items among the best that it was not asked for: it gave as many
    as it was asked for, and the last of them still counts."""
    last, edge = answer.scores[:, -1], best.scores[:, -1]
    return bool(np.any((answer.item_nos[:, -1] != ABSENT) & (last >= edge)))


def is_short(answer: Found) -> bool:
    """Whether any query found fewer than it asked for."""
    return bool(np.any(answer.item_nos[:, -1] == ABSENT))


def _placeholders(vectors: Float32s) -> bytes:
    numbers = np.ascontiguousarray(vectors, "<f4")
    value = common_pb2.PlaceholderValue(
        tag="$0", type=common_pb2.PlaceholderType.FloatVector, values=[one.tobytes() for one in numbers]
    )
    written: bytes = common_pb2.PlaceholderGroup(placeholders=[value]).SerializeToString()
    return written
