"""Logs -> examples: one for each search with a click, with the user's history as it was just before that search.

Point in time: nothing that happened at or after a search is in its history, and the history is cut exactly as the
feature store cuts it, so that training sees what serving will see. Split by time: the last day is for testing.
"""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.features.feature_store import BEHAVIORS_KEPT, QUERIES_KEPT
from multigrain.features.windows import HOUR_MS, WindowConfig, split
from multigrain.types import Action, Behavior, BehaviorColumns, Item, ItemId, UserId, UserState
from trainer.data.example import Example
from trainer.data.example_rows import SCHEMA, to_rows
from trainer.data.logs import ACTION_NAMES, Logs, items_of

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamplesManifest:
    """What a folder of examples holds."""

    train: int
    test: int
    from_ms: int
    """The first search that may be in the training part."""
    test_from_ms: int
    """Training ends before it, testing starts at it."""
    to_ms: int
    shards: int


def write_examples(
    logs: Logs, folder: Path, *, windows: WindowConfig, test_hours: float = 24.0, shards: int = 4
) -> ExamplesManifest:
    """Fills `folder` with train-*.parquet, test-*.parquet and a manifest. The caller marks it as complete."""
    test_from_ms = logs.last_ms + 1 - int(test_hours * HOUR_MS)
    histories = Histories(logs)
    train = list(make_examples(logs, windows=windows, until_ms=test_from_ms, histories=histories))
    test = list(make_examples(logs, windows=windows, from_ms=test_from_ms, histories=histories))
    for part, examples in (("train", train), ("test", test)):
        for number in range(shards):
            # By hash and not by time: every shard is a fair sample, so reading shard by shard is a shuffle.
            mine = [row for row in examples if crc32(row.search_id.encode()) % shards == number]
            table = pa.Table.from_pylist(to_rows(mine), schema=SCHEMA)
            pq.write_table(table, folder / f"{part}-{number:04d}.parquet", compression="zstd")
    starts = logs.searches["at_ms"].to_numpy()
    manifest = ExamplesManifest(
        train=len(train),
        test=len(test),
        from_ms=int(starts.min()) if len(starts) else 0,
        test_from_ms=test_from_ms,
        to_ms=logs.last_ms,
        shards=shards,
    )
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
    return manifest


def read_manifest(folder: Path) -> ExamplesManifest:
    return ExamplesManifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))


def make_examples(
    logs: Logs,
    *,
    windows: WindowConfig,
    from_ms: int = 0,
    until_ms: int | None = None,
    histories: "Histories | None" = None,
) -> Iterator[Example]:
    """Examples of the searches from `from_ms` on and before `until_ms` (None: to the end), in order of time.

    Actions at or after `until_ms` do not count: a label from the test day would leak it. `histories` None: they are
    gathered from `logs`.
    """
    actions = _actions_by_search(logs, until_ms)
    histories = histories or Histories(logs)
    for search in logs.searches.sort_by([("at_ms", "ascending"), ("search_id", "ascending")]).to_pylist():
        late = until_ms is not None and search["at_ms"] >= until_ms
        done = actions.get(search["search_id"])
        if late or search["at_ms"] < from_ms or not done:
            continue
        clicked = tuple(dict.fromkeys(item_id for item_id, _ in done))
        yield Example(
            search_id=search["search_id"],
            user_id=UserId(search["user_id"]),
            at_ms=search["at_ms"],
            query=search["query"],
            clicked=clicked,
            ordered=tuple(dict.fromkeys(item_id for item_id, action in done if action is Action.ORDER)),
            unclicked=_seen_and_left(search["exposed_item_ids"], set(clicked)),
            history=split(histories.before(UserId(search["user_id"]), search["at_ms"]), search["at_ms"], windows),
        )


def behaviors_of(logs: Logs) -> list[Behavior]:
    """Every event with its item's side features, in order of time."""
    items: dict[str, Item] = {item.item_id: item for item in items_of(logs)}
    rows = logs.events.sort_by([("at_ms", "ascending"), ("event_id", "ascending")]).to_pylist()
    return [_behavior(row, items.get(row["item_id"])) for row in rows]


def _behavior(row: dict[str, str | int], item: Item | None) -> Behavior:
    return Behavior(
        event_id=str(row["event_id"]),
        user_id=UserId(str(row["user_id"])),
        item_id=ItemId(str(row["item_id"])),
        action=ACTION_NAMES[str(row["action"])],
        at_ms=int(row["at_ms"]),
        search_id=str(row["search_id"]) if row["search_id"] is not None else None,
        leaf_category=item.leaf_category if item else "",
        top_category=item.top_category if item else "",
        brand=item.brand if item else "",
        shop=item.shop if item else "",
    )


class Histories:
    """Everybody's behaviours and queries in order of time."""

    def __init__(self, logs: Logs) -> None:
        rows: dict[str, list[Behavior]] = defaultdict(list)
        for behavior in behaviors_of(logs):
            rows[behavior.user_id].append(behavior)
        self._behaviors = {user: BehaviorColumns.of(mine) for user, mine in rows.items()}
        self._queries: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for search in logs.searches.select(["user_id", "at_ms", "query"]).to_pylist():
            self._queries[search["user_id"]].append((search["at_ms"], search["query"]))
        for asked in self._queries.values():
            asked.sort(key=lambda entry: entry[0])

    def before(self, user: UserId, at_ms: int) -> UserState:
        """What the feature store would have answered just before `at_ms`."""
        columns = self._behaviors.get(user, BehaviorColumns())
        end = bisect_left(columns.at_ms, at_ms)
        asked = self._queries[user]
        last = bisect_left(asked, at_ms, key=lambda entry: entry[0])
        kept = asked[max(0, last - QUERIES_KEPT) : last]
        return UserState(
            user_id=user,
            behaviors=columns.take(range(max(0, end - BEHAVIORS_KEPT), end)),
            queries=tuple(text for _, text in kept),
            query_at_ms=np.array([at for at, _ in kept], np.int64),
        )


def _actions_by_search(logs: Logs, until_ms: int | None) -> dict[str, list[tuple[ItemId, Action]]]:
    found: dict[str, list[tuple[ItemId, Action]]] = defaultdict(list)
    for row in logs.events.sort_by([("at_ms", "ascending"), ("event_id", "ascending")]).to_pylist():
        if row["search_id"] is not None and (until_ms is None or row["at_ms"] < until_ms):
            found[row["search_id"]].append((ItemId(row["item_id"]), ACTION_NAMES[row["action"]]))
    return found


def _seen_and_left(exposed: Sequence[str], clicked: set[ItemId]) -> tuple[ItemId, ...]:
    last = max((rank for rank, item_id in enumerate(exposed) if item_id in clicked), default=-1)
    return tuple(ItemId(item_id) for item_id in exposed[: last + 1] if item_id not in clicked)
