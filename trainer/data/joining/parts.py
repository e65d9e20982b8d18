"""Split by time, never at random: what is searched from the split on is for testing.

Whatever the training part is made from happened before the split: its labels, and who counts as a robot. So cutting the
logs at the split changes nothing in it.
"""

import ibis
import ibis.expr.types as ir

from trainer.configs.config import RobotsConfig
from trainer.data.joining.log_tables import LogTables
from trainer.data.joining.robots import find_robots
from trainer.data.joining.shards import PART

TRAIN, TEST = "train", "test"
PARTS = (TRAIN, TEST)


def searches_by_part(logs: LogTables, split_ms: int) -> ir.Table:
    """The searches with their part."""
    searches = logs.searches
    return searches.mutate(**{PART: (searches.at_ms < split_ms).ifelse(TRAIN, TEST)})


def robots_by_part(logs: LogTables, limits: RobotsConfig, split_ms: int) -> ir.Table:
    """user_id and part. A user who turns robot after the split is one in the test part only."""
    known_then = find_robots(logs.before(split_ms), limits).mutate(**{PART: ibis.literal(TRAIN)})
    known_now = find_robots(logs, limits).mutate(**{PART: ibis.literal(TEST)})
    return ibis.union(known_then, known_now)


def labels_by_part(logs: LogTables, searches: ir.Table, split_ms: int) -> ir.Table:
    """The events that came from `searches`; those of a training search only where they happened before the split."""
    asked = searches.select("search_id", PART)
    events = logs.events.filter(logs.events.search_id.notnull())
    of_search = events.inner_join(asked, "search_id")
    return of_search.filter((of_search[PART] == TEST) | (of_search.at_ms < split_ms)).drop(PART)
