"""One collection's calls, over the generated stub: each has a deadline, none is tried twice, and its errors are ours.

pymilvus's own methods try again for as long as their time lasts, and a little longer; whether to try again is not for
the floor to say.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pymilvus import MilvusClient
from pymilvus.client.constants import BOUNDED_TS
from pymilvus.grpc_gen import common_pb2, milvus_pb2

from multigrain.errors import IndexUnavailable, WrongState
from multigrain.index import milvus_wire as wire
from multigrain.index.item_index import IndexRows
from multigrain.index.milvus_columns import columns

POLL_SECONDS = 0.1


class MilvusCollection:
    """A collection of this name, whether it exists or not."""

    def __init__(self, client: MilvusClient, name: str, *, place: str, timeout_seconds: float) -> None:
        self._client = client
        self._name = name
        self._place = place
        self._timeout = timeout_seconds

    @property
    def name(self) -> str:
        return self._name

    @property
    def place(self) -> str:
        """For errors: which server, which collection."""
        return self._place

    def insert(self, rows: IndexRows, partition: str) -> None:
        self._call("Insert", milvus_pb2.InsertRequest(**self._write(rows, partition)))

    def upsert(self, rows: IndexRows, partition: str) -> None:
        self._call("Upsert", milvus_pb2.UpsertRequest(**self._write(rows, partition)))

    def delete(self, expression: str) -> None:
        self._call("Delete", milvus_pb2.DeleteRequest(collection_name=self._name, expr=expression))

    def searched(
        self, requests: Sequence[milvus_pb2.SearchRequest], timeout_seconds: float
    ) -> list[milvus_pb2.SearchResults]:
        """Their replies; several are on the way at once, under one deadline, and the first that fails fails all."""
        self._require_time(timeout_seconds)
        if len(requests) == 1:
            return [self._call("Search", requests[0], timeout_seconds)]
        with self._errors():
            search = self._stub.Search
            calls = [search.future(request, timeout=timeout_seconds) for request in requests]
            try:
                replies = [call.result() for call in calls]
            finally:
                for call in calls:
                    call.cancel()  # of one that has ended it changes nothing
            for reply in replies:
                wire.require_success(reply.status)
        return replies

    def query(self, expression: str, fields: Sequence[str], **said: object) -> milvus_pb2.QueryResults:
        """Fields of the rows that the expression takes. Strong: it sees every write before it."""
        return self._call("Query", self._query(expression, fields, said))

    def count(self, *, ignore_growing: bool = False) -> int:
        """How many rows there are, strongly. `ignore_growing`: of those that no longer wait in memory."""
        return _counted(self.query("", ["count(*)"], ignore_growing=ignore_growing))

    def count_served(self, expression: str, timeout_seconds: float) -> int:
        """How many rows the expression takes, of those that a search sees."""
        self._require_time(timeout_seconds)
        request = self._query(expression, ["count(*)"], {})
        request.consistency_level, request.guarantee_timestamp = common_pb2.Bounded, BOUNDED_TS
        return _counted(self._call("Query", request, timeout_seconds))

    def flush(self, deadline: float) -> None:
        """Seals what was written, and waits until it is on disk."""
        flushed = self._flushed(deadline)
        request = milvus_pb2.GetFlushStateRequest(
            segmentIDs=flushed.coll_segIDs[self._name].data,
            flush_ts=flushed.coll_flush_ts[self._name],
            collection_name=self._name,
        )
        self._wait(lambda: self._call("GetFlushState", request).flushed, deadline, "writing to disk")

    def load(self, deadline: float) -> None:
        self._begin_to_load(deadline)
        request = milvus_pb2.GetLoadingProgressRequest(collection_name=self._name)
        self._wait(lambda: self._call("GetLoadingProgress", request).progress >= 100, deadline, "loading")

    def release(self) -> None:
        self._call("ReleaseCollection", milvus_pb2.ReleaseCollectionRequest(collection_name=self._name))

    def drop(self) -> None:
        self._call("DropCollection", milvus_pb2.DropCollectionRequest(collection_name=self._name))

    def build_state(self) -> milvus_pb2.IndexDescription:
        """How far the index over the vectors is."""
        request = milvus_pb2.DescribeIndexRequest(collection_name=self._name, field_name=wire.VECTOR)
        described: milvus_pb2.IndexDescription = self._call("DescribeIndex", request).index_descriptions[0]
        return described

    @property
    def _stub(self) -> Any:  # Any: the generated stub has no types
        # Asked for at every call: pymilvus replaces it when it reconnects.
        return self._client._get_connection()._stub

    def _call(self, method: str, request: object, timeout_seconds: float | None = None) -> Any:  # Any: its reply
        with self._errors():
            reply = getattr(self._stub, method)(request, timeout=timeout_seconds or self._timeout)
            wire.require_success(getattr(reply, "status", reply))
        return reply

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with wire.milvus_errors(self._place):
                yield
        except WrongState:
            # A server that was restarted says so of everything, until it has loaded what it had loaded before.
            if self._is_being_loaded():
                raise IndexUnavailable(f"{self._place}: is being loaded: ask again in a few seconds") from None
            raise

    def _is_being_loaded(self) -> bool:
        with wire.milvus_errors(self._place):
            request = milvus_pb2.GetLoadStateRequest(collection_name=self._name)
            reply = self._stub.GetLoadState(request, timeout=self._timeout)
        return bool(reply.state in (common_pb2.LoadStateLoading, common_pb2.LoadStateLoaded))

    def _require_time(self, timeout_seconds: float) -> None:
        if timeout_seconds <= 0:
            raise IndexUnavailable(f"{self._place}: no time left for a search: give the request a later deadline")

    def _flushed(self, deadline: float) -> milvus_pb2.FlushResponse:
        """The reply to a flush, of which servers from 2.4 on grant a collection one in ten seconds."""
        request = milvus_pb2.FlushRequest(collection_names=[self._name])
        while True:
            with self._errors():
                reply: milvus_pb2.FlushResponse = self._stub.Flush(request, timeout=self._timeout)
                if not wire.is_too_often(reply.status) or time.monotonic() > deadline:
                    wire.require_success(reply.status)
                    return reply
            time.sleep(POLL_SECONDS)

    def _begin_to_load(self, deadline: float) -> None:
        request = milvus_pb2.LoadCollectionRequest(collection_name=self._name)
        while True:
            with self._errors():
                status = self._stub.LoadCollection(request, timeout=self._timeout)
                if not wire.is_half_written(status) or time.monotonic() > deadline:
                    wire.require_success(status)
                    return
            time.sleep(POLL_SECONDS)

    def _wait(self, done: Callable[[], bool], deadline: float, what: str) -> None:
        while not done():
            if time.monotonic() > deadline:
                raise IndexUnavailable(f"{self._place}: {what} takes too long: look at the server's log")
            time.sleep(POLL_SECONDS)

    def _write(self, rows: IndexRows, partition: str) -> dict[str, Any]:  # Any: fields of an insert and an upsert
        return {
            "collection_name": self._name,
            "partition_name": partition,
            "num_rows": len(rows),
            "fields_data": columns(rows),
        }

    def _query(self, expression: str, fields: Sequence[str], said: Mapping[str, object]) -> milvus_pb2.QueryRequest:
        return milvus_pb2.QueryRequest(
            collection_name=self._name,
            expr=expression,
            output_fields=fields,
            use_default_consistency=False,
            consistency_level=common_pb2.Strong,
            query_params=[common_pb2.KeyValuePair(key=key, value=str(value)) for key, value in said.items()],
        )


def _counted(reply: milvus_pb2.QueryResults) -> int:
    return int(reply.fields_data[0].scalars.long_data.data[0])
