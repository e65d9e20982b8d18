"""When an index in Milvus is ready: built, and served from what was built."""

import time

from pymilvus.grpc_gen import common_pb2

from multigrain.errors import IndexUnavailable
from multigrain.index.item_index import Built
from multigrain.index.milvus_collection import MilvusCollection

POLL_SECONDS = 0.2
IN_MEMORY_ROWS = 1_000
"""So few are compared one by one, so they cost no recall."""
IN_MEMORY_PART = 0.01
"""Of all rows: what the stream may have written meanwhile."""


def wait_for_the_build(collection: MilvusCollection, built: Built, deadline: float) -> None:
    while True:
        now = collection.build_state()
        if now.state == common_pb2.IndexState.Failed:
            raise IndexUnavailable(f"{collection.place}: the build failed: {now.index_state_fail_reason}")
        # While segments are merged, rows are counted in the old ones and in the new.
        built(min(now.indexed_rows, now.total_rows), now.total_rows)
        if now.state == common_pb2.IndexState.Finished and now.pending_index_rows == 0:
            return
        if time.monotonic() > deadline:
            part = f"{now.indexed_rows:,} of {now.total_rows:,} rows"
            raise IndexUnavailable(f"{collection.place}: {part} built in an hour: look at the server's log")
        time.sleep(POLL_SECONDS)


def wait_until_it_serves(collection: MilvusCollection, deadline: float) -> None:
    """Until searches go to the index that was built. For seconds after the build a server still answers from what it
    holds of the writes in memory, by a rough index of its own: of 10,000 nearest it then found half.

    The strong counts do a second thing: they return when the server has caught up with every write, so from here
    bounded searches see them all.
    """
    while True:
        total = collection.count()
        in_memory = total - collection.count(ignore_growing=True)
        if in_memory <= max(IN_MEMORY_ROWS, IN_MEMORY_PART * total):
            return
        if time.monotonic() > deadline:
            problem = f"{in_memory:,} of {total:,} rows are not served from the index: look at its log"
            raise IndexUnavailable(f"{collection.place}: {problem}")
        time.sleep(POLL_SECONDS)
