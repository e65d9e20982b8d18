"""Everything a user did and asked, one row a user, laid out so that the past of any moment is a slice of it.

Sequences are in one total order: by time, then by event or search id. `done_at_ms` holds the times of all behaviours;
`{action}_before[i]` is how many of the first i were of that action. So the number of behaviours before a moment, which
as_of.py counts, is turned into an end of a slice of `{action}` by one look-up.
"""

import ibis
import ibis.expr.types as ir

from multigrain.features.windows import LONG_TERM_ACTIONS
from trainer.data.joining.log_tables import LogTables

SEQUENCES = tuple(action.name.lower() for action in LONG_TERM_ACTIONS)
"""Actions that windows are made of. Others (carts) take up room in a state without being read."""
_SO_FAR = {name: f"{name}_so_far" for name in SEQUENCES}
BEHAVIOR = ("item", "shop", "leaf", "top", "brand", "action", "at_ms")
"""Fields of a behaviour, here and in the rows of examples."""


def histories(logs: LogTables, users: ir.Table) -> ir.Table:
    """One row for each of `users` (user_id, once each), empty sequences where there is nothing."""
    joined = users.left_join(_behaviors(logs, users), "user_id").drop("user_id_right")
    joined = joined.left_join(_queries(logs.searches, users), "user_id").drop("user_id_right")
    # Outer joins leave null where a user has no row; counting and slicing need lists.
    lists = {
        name: joined[name].coalesce(ibis.literal([], type=kind))
        for name, kind in joined.schema().items()
        if kind.is_array()
    }
    none_yet = ibis.literal([0], type="array<int64>")
    lists |= {f"{name}_before": none_yet.concat(lists[f"{name}_before"]) for name in SEQUENCES}
    return joined.mutate(**lists)


def _behaviors(logs: LogTables, users: ir.Table) -> ir.Table:
    rows = _numbered(_with_sides(logs.events.semi_join(users, "user_id"), logs.catalog))
    step = ibis.struct({name: rows[name] for name in ("nth", "at_ms", *_SO_FAR.values())})
    row = ibis.struct({name: rows[name] for name in ("nth", *BEHAVIOR)})
    wanted = {action.name.lower(): rows.action == int(action) for action in LONG_TERM_ACTIONS}
    found = rows.group_by("user_id").agg(
        # By `nth`, the structs' first field, which no two rows of a user share.
        done=step.collect().sort(),
        **{name: row.collect(where=which).sort() for name, which in wanted.items()},
    )
    columns = {"done_at_ms": found.done.map(lambda step: step.at_ms)}
    for name, so_far in _SO_FAR.items():
        columns[f"{name}_before"] = found.done.map(lambda step, so_far=so_far: step[so_far])
        columns[name] = found[name].map(lambda row: ibis.struct({field: row[field] for field in BEHAVIOR}))
    return found.select("user_id", **columns)


def _numbered(rows: ir.Table) -> ir.Table:
    """Each row with its number among its user's, and how many of each sequence there are up to it, itself included."""
    order = {"group_by": "user_id", "order_by": ["at_ms", "event_id"]}
    up_to_here = ibis.cumulative_window(**order)
    counts = {
        _SO_FAR[action.name.lower()]: (rows.action == int(action)).cast("int64").sum().over(up_to_here)
        for action in LONG_TERM_ACTIONS
    }
    return rows.mutate(nth=ibis.row_number().over(**order), **counts)


def _with_sides(events: ir.Table, catalog: ir.Table) -> ir.Table:
    """Events with their item's side features; empty where the catalogue does not know the item."""
    path = catalog.category_path
    sides = catalog.select("item_id", "shop", "brand", top=path[0], leaf=path[path.length() - 1])
    rows = events.left_join(sides, "item_id")
    known = {name: rows[name].coalesce("") for name in ("shop", "leaf", "top", "brand")}
    return rows.select("user_id", "event_id", "at_ms", "action", item=rows.item_id, **known)


def _queries(searches: ir.Table, users: ir.Table) -> ir.Table:
    mine = searches.semi_join(users, "user_id")
    row = ibis.struct({"at_ms": mine.at_ms, "search_id": mine.search_id, "query": mine["query"]})
    found = mine.group_by("user_id").agg(asked=row.collect().sort())
    return found.select(
        "user_id",
        asked_at_ms=found.asked.map(lambda row: row["at_ms"]),
        asked=found.asked.map(lambda row: row["query"]),
    )
