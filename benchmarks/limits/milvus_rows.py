"""pymilvus's own way, row by row: what a search and an insert cost with a dict an item."""

from collections.abc import Callable

from pymilvus import MilvusClient

from benchmarks.bench import seconds_of
from multigrain.index.item_index import IndexRows
from multigrain.index.milvus import MilvusStore
from multigrain.index.milvus_wire import KEY
from multigrain.index.specs import IndexSpec, Params
from multigrain.types import Float32s

INSERT_ROWS = 1_000


def search(store: MilvusStore, name: str, query: Float32s, k: int, params: Params) -> Callable[[], object]:
    """A search for this query [dims], its hits as objects."""
    client: MilvusClient = store._client
    said = {"params": dict(params)}
    return lambda: client.search(name, data=[query], limit=k, output_fields=[KEY], search_params=said)


def insert_rows_per_second(store: MilvusStore, name: str, rows: IndexRows, spec: IndexSpec) -> float:
    """Into a collection of its own, dropped afterwards."""
    index = store.create(name, dims=rows.vectors.shape[1], spec=spec)
    try:
        index.release()
        return len(rows) / sum(seconds_of(lambda: _insert(store, name, rows), repeats=1, warmups=0))
    finally:
        index.drop()


def _insert(store: MilvusStore, name: str, rows: IndexRows) -> None:
    client: MilvusClient = store._client
    for start in range(0, len(rows), INSERT_ROWS):
        client.insert(
            name,
            [
                {
                    "item_no": int(rows.item_nos[row]),
                    "embedding": rows.vectors[row],
                    "category": rows.categories[row],
                    "brand": rows.brands[row],
                    "shop": rows.shops[row],
                    "status": rows.statuses[row],
                    "title": rows.titles[row],
                    "revision": int(rows.revisions[row]),
                }
                for row in range(start, min(start + INSERT_ROWS, len(rows)))
            ],
        )
