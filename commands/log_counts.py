"""How much a log folder holds, as commands tell it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.data.logs import Logs


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCounts:
    """Rows of each table, and how many users they tell of."""

    items: int
    searches: int
    events: tuple[tuple[str, int], ...]
    """Per action, in the order of the actions; those without a row are there with 0."""
    judgments: int
    judged_queries: int
    users: int
    active_users: int
    """Those with an event."""

    def as_rows(self) -> list[tuple[str, str]]:
        """For a table of two columns."""
        rows = [
            ("items", self.items),
            ("searches", self.searches),
            *((f"events: {action}", count) for action, count in self.events),
            ("judgments", self.judgments),
            ("judged queries", self.judged_queries),
            ("users", self.users),
            ("users with an event", self.active_users),
        ]
        return [(what, f"{count:,}") for what, count in rows]

    def as_json(self) -> dict[str, object]:
        return {
            "items": self.items,
            "searches": self.searches,
            "events": dict(self.events),
            "judgments": self.judgments,
            "judged_queries": self.judged_queries,
            "users": self.users,
            "active_users": self.active_users,
        }


def count_logs(logs: "Logs") -> LogCounts:
    """Counts whole columns; no row becomes an object."""
    import pyarrow.compute as pc

    from trainer.data.logs import ACTION_NAMES

    searched, acted = (set(pc.unique(table["user_id"]).to_pylist()) for table in (logs.searches, logs.events))
    done = {row["values"].as_py(): row["counts"].as_py() for row in pc.value_counts(logs.events["action"])}
    return LogCounts(
        items=len(logs.catalog),
        searches=len(logs.searches),
        events=tuple((action, done.get(action, 0)) for action in ACTION_NAMES),
        judgments=0 if logs.judgments is None else len(logs.judgments),
        judged_queries=0 if logs.judgments is None else pc.count_distinct(logs.judgments["query"]).as_py(),
        users=len(searched | acted),
        active_users=len(acted),
    )
