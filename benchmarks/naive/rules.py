"""Relevance control as a loop: each candidate's row is looked up and judged."""

from collections.abc import Iterable, Mapping
from typing import TypedDict

from multigrain.types import ItemStatus
from server.understanding.intent import Intent


class CatalogueRow(TypedDict):
    """One item, as the naive server keeps it."""

    item_id: str
    brand: str
    category: str
    """'/'-joined."""
    stock: int
    status: int


def judged(
    fused: Iterable[tuple[int, float]], catalogue: Mapping[int, CatalogueRow], intent: Intent
) -> tuple[list[tuple[int, float]], int]:
    """Those that meet every demand, in their order, and how many did not."""
    brands, paths = set(intent.brand_names), intent.category_paths
    kept, judgements = [], 0
    for item_no, score in fused:
        judgements += 1
        row = catalogue.get(item_no)
        if row is None or row["status"] != ItemStatus.ACTIVE or row["stock"] <= 0:
            continue
        if (brands and row["brand"] not in brands) or (paths and not _under_any(row["category"], paths)):
            continue
        kept.append((item_no, score))
    return kept, judgements - len(kept)


def _under_any(category: str, paths: Iterable[str]) -> bool:
    return any(category == path or category.startswith(f"{path}/") for path in paths)
