"""A search and its user's whole history -> the windows as of the search's own time.

The relational twin of multigrain.features.windows.split, over the state that the feature store would have held: the
newest BEHAVIORS_KEPT behaviours of any action, the newest QUERIES_KEPT queries. A window is a slice of a sequence, and
both its ends come from counting what happened before a moment, so no row of a pair (event, search) ever exists.
"""

import math

import ibis
import ibis.expr.types as ir

from multigrain.features.feature_store import BEHAVIORS_KEPT, QUERIES_KEPT
from multigrain.features.windows import DAY_MS, HOUR_MS, WindowConfig
from trainer.data.joining.histories import SEQUENCES


def with_history(searches: ir.Table, histories: ir.Table, config: WindowConfig) -> ir.Table:
    """`searches` with their windows and `history_queries`, as columns of example_rows.py; oldest first in each.

    Every user must be in `histories`.
    """
    both = searches.inner_join(histories, "user_id")
    both = both.mutate(
        now=_below(both.done_at_ms, both.at_ms),
        today=_below(both.done_at_ms, both.at_ms - math.floor(config.realtime_hours * HOUR_MS)),
        short_from=_below(both.done_at_ms, both.at_ms - math.floor(config.short_days * DAY_MS)),
        long_from=_below(both.done_at_ms, both.at_ms - math.floor(config.long_days * DAY_MS)),
        queries_now=_below(both.asked_at_ms, both.at_ms),
    )
    return both.select(
        *searches.columns, history_queries=_queries(both, config), **_clicks(both, config), **_long(both, config)
    )


def _queries(both: ir.Table, config: WindowConfig) -> ir.ArrayColumn:
    length = min(config.queries_length, QUERIES_KEPT)
    return _slice(both.asked, both.queries_now - length, both.queries_now)


def _clicks(both: ir.Table, config: WindowConfig) -> dict[str, ir.ArrayColumn]:
    """Real-time, and short-term with what real-time has no room for."""
    end, lost = _before(both, "click", both.now), _before(both, "click", _lost(both))
    realtime = ibis.greatest(_before(both, "click", both.today), end - config.realtime_length, lost)
    short = ibis.greatest(_before(both, "click", both.short_from), realtime - config.short_length, lost)
    return {"realtime": _slice(both.click, realtime, end), "short": _slice(both.click, short, realtime)}


def _long(both: ir.Table, config: WindowConfig) -> dict[str, ir.ArrayColumn]:
    columns = {}
    for name in SEQUENCES:
        end, lost = _before(both, name, both.short_from), _before(both, name, _lost(both))
        start = ibis.greatest(_before(both, name, both.long_from), end - config.long_length, lost)
        columns[f"long_{name}"] = _slice(both[name], start, end)
    return columns


def _lost(both: ir.Table) -> ir.IntegerColumn:
    """How many behaviours the state no longer holds by then."""
    return ibis.greatest(both.now - BEHAVIORS_KEPT, 0)


def _before(both: ir.Table, name: str, count: ir.IntegerColumn) -> ir.IntegerColumn:
    """How many of the first `count` behaviours belong to the sequence."""
    return both[f"{name}_before"][count]


def _below(numbers: ir.ArrayColumn, bound: ir.IntegerValue) -> ir.IntegerColumn:
    return numbers.filter(lambda number: number < bound).length()


def _slice(sequence: ir.ArrayColumn, start: ir.IntegerValue, end: ir.IntegerValue) -> ir.ArrayColumn:
    """Empty where it would start at or after its end; a negative start is the beginning."""
    return sequence[ibis.least(ibis.greatest(start, 0), end) : end]
