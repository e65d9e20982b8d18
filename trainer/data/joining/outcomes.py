"""What users did with what a search showed them: P_c, P_o and P_u of the paper, for searches with a click."""

import ibis
import ibis.expr.types as ir

from multigrain.types import Action


def with_outcomes(searches: ir.Table, events: ir.Table) -> ir.Table:
    """The searches that `events` came from, with `clicked`, `ordered` and `unclicked` in place of what was exposed."""
    done = searches.inner_join(_done(events), "search_id")
    return done.mutate(unclicked=_seen_and_left(done.exposed_item_ids, done.clicked)).drop("exposed_item_ids")


def _done(events: ir.Table) -> ir.Table:
    """search_id, clicked, ordered: each item once, in the order of its first action and of its first order.

    What was ordered, carted or collected counts as clicked, so an order is always a click.
    """
    by_time = ["at_ms", "event_id"]
    nth = ibis.row_number().over(group_by=["search_id", "item_id"], order_by=by_time)
    nth_of_kind = ibis.row_number().over(group_by=["search_id", "item_id", "action"], order_by=by_time)
    events = events.mutate(nth=nth, nth_of_kind=nth_of_kind)
    row = ibis.struct({"at_ms": events.at_ms, "event_id": events.event_id, "item_id": events.item_id})
    first_order = (events.action == int(Action.ORDER)) & (events.nth_of_kind == 0)
    found = events.group_by("search_id").agg(
        clicked=row.collect(where=events.nth == 0).sort(),
        ordered=row.collect(where=first_order).sort(),
    )
    # Where nothing is collected, DuckDB has null and Spark an empty list.
    ordered = found.ordered.map(lambda row: row["item_id"]).coalesce(ibis.literal([], type="array<string>"))
    return found.select("search_id", clicked=found.clicked.map(lambda row: row["item_id"]), ordered=ordered)


def _seen_and_left(exposed: ir.ArrayColumn, clicked: ir.ArrayColumn) -> ir.ArrayColumn:
    """Shown at or above the last click and not clicked: the user most likely saw them."""
    ranks_clicked = exposed.map(lambda item_id, rank: clicked.contains(item_id).ifelse(rank + 1, 0))
    seen = ranks_clicked.maxs().coalesce(0)
    return exposed[:seen].filter(lambda item_id: ~clicked.contains(item_id))
