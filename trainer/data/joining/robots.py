"""Who is no person: more searches, or more actions, in one clock hour than a person makes. Hours are UTC's."""

import ibis
import ibis.expr.types as ir

from multigrain.features.windows import HOUR_MS
from trainer.configs.config import RobotsConfig
from trainer.data.joining.log_tables import LogTables


def find_robots(logs: LogTables, limits: RobotsConfig) -> ir.Table:
    """user_id of every robot, once."""
    searching = _busiest(logs.searches, limits.searches_an_hour)
    acting = _busiest(logs.events, limits.actions_an_hour)
    return ibis.union(searching, acting, distinct=True)


def _busiest(rows: ir.Table, an_hour: int) -> ir.Table:
    """user_id of whoever has more than `an_hour` rows in an hour."""
    hours = rows.group_by("user_id", hour=rows.at_ms // HOUR_MS).agg(count=rows.count())
    return hours.filter(hours["count"] > an_hour).select("user_id").distinct()
