"""What was known before the test part: how often each item was clicked and each query asked. Kept with a report, so
that the same searches can be asked of another model without the logs.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from trainer.data.logs import Logs, items_of
from trainer.data.vocabularies import clicks_by_item

FILE = "before.json"


@dataclass(frozen=True, slots=True)
class Before:
    """Counts; what is not in them is 0."""

    clicks: Counter[str]
    """Item id -> clicks, orders and the like."""
    asked: Counter[str]
    """Query, as `folded` has it -> searches."""


def folded(query: str) -> str:
    """What counts as the same query."""
    return " ".join(query.casefold().split())


def read_before(logs: Logs, before_ms: int) -> Before:
    """Of the logs before that moment."""
    items = list(items_of(logs))
    counts = clicks_by_item(logs, items, before_ms=before_ms)
    searches = logs.searches.select(["query", "at_ms"]).to_pylist()
    return Before(
        clicks=Counter({item.item_id: count for item, count in zip(items, counts, strict=True) if count}),
        asked=Counter(folded(row["query"]) for row in searches if row["at_ms"] < before_ms),
    )


def save_before(before: Before, folder: Path) -> None:
    counts = {"clicks": before.clicks, "asked": before.asked}
    (folder / FILE).write_text(json.dumps(counts, ensure_ascii=False), encoding="utf-8")


def load_before(folder: Path) -> Before:
    kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return Before(clicks=Counter(kept["clicks"]), asked=Counter(kept["asked"]))
