"""Three ways to find candidates, each as a dictionary: item_no -> score, best first."""

from collections import defaultdict
from collections.abc import Mapping

from pymilvus import MilvusClient

from multigrain.features.windows import Windows
from multigrain.index.specs import IndexSpec
from multigrain.neighbors import Neighbors
from multigrain.types import Float32s, ItemId
from server.channels.lexical_index import LexicalIndex
from server.channels.neighbours import recent_items

Scores = Mapping[int, float]
SECONDS = 30.0


def by_vector(
    client: MilvusClient, collection: str, spec: IndexSpec, vector: Float32s, k: int, expression: str = ""
) -> Scores:
    """pymilvus's own hits. Only the key is asked for: the fields of 9,600 rows would cost more than all the rest."""
    found = client.search(
        collection,
        data=[vector],
        limit=k,
        filter=expression,
        output_fields=["item_no"],
        search_params={"params": dict(spec.search_params(k))},
        timeout=SECONDS,
    )
    return {hit["item_no"]: hit["distance"] for hit in found[0]}


def by_words(titles: LexicalIndex, query: str, k: int) -> Scores:
    """Our own title search, as a dictionary."""
    hits = titles.search(query, k)
    return dict(zip(hits.item_nos.tolist(), hits.scores.tolist(), strict=True))


def by_neighbours(table: Neighbors, numbers: Mapping[ItemId, int], windows: Windows, k: int) -> Scores:
    """What was chosen together with the user's recent items, the likeness of several added up."""
    item_ids, weights = recent_items(windows)
    total: dict[int, float] = defaultdict(float)
    for item_id, weight in zip(item_ids, weights.tolist(), strict=True):
        rows = table.rows_of([item_id])
        if rows[0] < 0:
            continue
        _, others, scores = table.around(rows)
        for other, score in zip(table.ids_of(others.astype(int)), scores.tolist(), strict=True):
            number = numbers.get(other)
            if number is not None:
                total[number] += weight * score
    best = sorted(total.items(), key=lambda scored: (-scored[1], scored[0]))
    return dict(best[:k])
