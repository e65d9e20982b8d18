"""Each Retrieve beside the bare search of the very same vector, so that a slow moment of the machine meets both.

What is left of a Retrieve without the Milvus call is the difference of the two. It needs no clock inside the server,
and takes in what such a clock would miss: the wire, the queues, the event loop. A search that relevance control asked
for beside the first is ours here: it is part of the price of an answer without holes.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import grpc
import numpy as np

from benchmarks.limits import milvus_call
from benchmarks.serving.crowd import Asked
from benchmarks.serving.load import CALL_SECONDS, RETRIEVE
from benchmarks.serving.scene import Scene
from multigrain.client_channel import open_channel
from multigrain.features.sql import SqlFeatureStore
from multigrain.features.windows import Windows, split
from multigrain.registry.sql import wall_clock_ms
from multigrain.types import Float32s
from multigrain.v1 import retrieval_pb2 as pb

PAUSE_SECONDS = 0.002
"""Between two: what one leaves to be done is not the other's."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One request, asked both ways."""

    whole_ms: float
    search_ms: float
    reply: pb.RetrieveResponse

    @property
    def rest_ms(self) -> float:
        """Everything but the Milvus call."""
        return self.whole_ms - self.search_ms

    def was_refilled(self, limit: int) -> bool:
        """Whether the vector channel was asked again: it gave more than it is asked for at first."""
        return any(report.channel == pb.CHANNEL_VECTOR and report.hits > limit for report in self.reply.channel_reports)


def measured(scene: Scene, address: str, asked: Sequence[Asked], limit: int, *, warmups: int) -> list[Pair]:
    """The pairs after the first `warmups`, in turns at going first."""
    bare = milvus_call.prepared(scene.indexes, scene.collection, limit, scene.spec.search_params(limit))
    searches = [bare.call_with(vector[None]) for vector in vectors(scene, asked)]
    pairs = []
    with open_channel(grpc, address, None) as channel:
        call = channel.unary_unary(RETRIEVE)
        for number, (one, search) in enumerate(zip(asked, searches, strict=True)):
            search_first = number % 2 == 0
            search_ms = _milliseconds(search) if search_first else 0.0
            time.sleep(PAUSE_SECONDS)
            started = time.perf_counter()
            reply = call(one.message, timeout=CALL_SECONDS)
            whole_ms = (time.perf_counter() - started) * 1e3
            time.sleep(PAUSE_SECONDS)
            if not search_first:
                search_ms = _milliseconds(search)
            pairs.append(Pair(whole_ms, search_ms, pb.RetrieveResponse.FromString(reply)))
    return pairs[warmups:]


def vectors(scene: Scene, asked: Sequence[Asked]) -> Float32s:
    """What the server makes of these texts and users, [n, dims]."""
    states = SqlFeatureStore(scene.engine).get_many({one.user_id for one in asked})
    now_ms = wall_clock_ms()
    histories = {user: split(state, now_ms, scene.encoder.windows) for user, state in states.items()}
    found = scene.encoder.encode_queries([(one.text, histories.get(one.user_id, Windows())) for one in asked])
    return np.ascontiguousarray(found)


def _milliseconds(search: Callable[[], object]) -> float:
    started = time.perf_counter()
    search()
    return (time.perf_counter() - started) * 1e3
