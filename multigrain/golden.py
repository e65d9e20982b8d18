"""Golden examples of a bundle: raw queries, histories and items, with the vectors that the trained towers gave them.

Whoever loads the bundle computes them again from the text on; a different analyzer, vocabulary or runtime shows here.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from multigrain.features.windows import LONG_TERM_ACTIONS, Windows
from multigrain.types import BehaviorColumns, Float32s, Item, ItemId, ItemStatus

FILE = "golden.npz"
TOLERANCE = 1e-5
"""The largest difference of any component that rounding on another machine explains: of 1, or of the vector's largest
component where that is more. Vectors are not normalised, and rounding grows with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """Raw inputs and what must come out."""

    queries: tuple[tuple[str, Windows], ...]
    query_vectors: Float32s
    """[len(queries), dims]"""
    items: tuple[Item, ...]
    item_vectors: Float32s
    """[len(items), dims]"""


def save(golden: Golden, folder: Path) -> None:
    raw = {
        "queries": [{"text": text, "history": _history_to_json(history)} for text, history in golden.queries],
        "items": [_item_to_json(item) for item in golden.items],
    }
    inputs = np.frombuffer(json.dumps(raw, ensure_ascii=False).encode("utf-8"), np.uint8)
    np.savez(folder / FILE, inputs=inputs, query_vectors=golden.query_vectors, item_vectors=golden.item_vectors)


def load(folder: Path) -> Golden:
    """The golden examples of a bundle's folder. Reads no pickles."""
    with np.load(io.BytesIO((folder / FILE).read_bytes()), allow_pickle=False) as arrays:
        raw = json.loads(arrays["inputs"].tobytes().decode("utf-8"))
        return Golden(
            queries=tuple((entry["text"], _history_from_json(entry["history"])) for entry in raw["queries"]),
            query_vectors=arrays["query_vectors"],
            items=tuple(_item_from_json(entry) for entry in raw["items"]),
            item_vectors=arrays["item_vectors"],
        )


def furthest(expected: Float32s, computed: Float32s) -> tuple[int, float]:
    """Row with the largest difference, as TOLERANCE counts it, and that difference; a NaN is infinitely far."""
    apart = np.abs(expected - computed).max(axis=1) / np.maximum(1.0, np.abs(expected).max(axis=1))
    apart = np.where(np.isfinite(apart), apart, np.inf)
    row = int(np.argmax(apart))
    return row, float(apart[row])


Json = dict[str, Any]  # Any: JSON as the json module gives it


def _history_to_json(history: Windows) -> Json:
    return {
        "realtime": _columns_to_json(history.realtime),
        "short": _columns_to_json(history.short),
        "long": [_columns_to_json(history.long[action]) for action in LONG_TERM_ACTIONS],
        "queries": list(history.queries),
    }


def _history_from_json(entry: Mapping[str, Any]) -> Windows:  # Any: as above
    return Windows(
        realtime=_columns_from_json(entry["realtime"]),
        short=_columns_from_json(entry["short"]),
        long={a: _columns_from_json(rows) for a, rows in zip(LONG_TERM_ACTIONS, entry["long"], strict=True)},
        queries=tuple(entry["queries"]),
    )


def _columns_to_json(rows: BehaviorColumns) -> Json:
    lists: dict[str, Sequence[str] | list[int]] = {
        "item_ids": rows.item_ids,
        "leaf_categories": rows.leaf_categories,
        "top_categories": rows.top_categories,
        "brands": rows.brands,
        "shops": rows.shops,
        "actions": rows.actions.tolist(),
        "at_ms": rows.at_ms.tolist(),
    }
    return {name: list(values) for name, values in lists.items()}


def _columns_from_json(entry: Mapping[str, Any]) -> BehaviorColumns:  # Any: as above
    return BehaviorColumns(
        item_ids=tuple(entry["item_ids"]),
        leaf_categories=tuple(entry["leaf_categories"]),
        top_categories=tuple(entry["top_categories"]),
        brands=tuple(entry["brands"]),
        shops=tuple(entry["shops"]),
        actions=np.array(entry["actions"], np.uint8),
        at_ms=np.array(entry["at_ms"], np.int64),
    )


def _item_to_json(item: Item) -> Json:
    return {
        "item_id": item.item_id,
        "title": item.title,
        "brand": item.brand,
        "category_path": list(item.category_path),
        "shop": item.shop,
        "price": item.price,
        "stock": item.stock,
        "status": item.status.name,
        "attributes": dict(item.attributes),
        "source_version": item.source_version,
    }


def _item_from_json(entry: Mapping[str, Any]) -> Item:  # Any: as above
    return Item(
        **{
            **entry,
            "item_id": ItemId(entry["item_id"]),
            "category_path": tuple(entry["category_path"]),
            "status": ItemStatus[entry["status"]],
        }
    )
