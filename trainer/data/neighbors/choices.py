"""Who chose what, and when: the events of a log folder, each item of a user once.

A relational expression that DuckDB runs over the files, so what is held here are numbers: 20 bytes a choice.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from multigrain.neighbors import Ids
from multigrain.types import Action, Float32s, Int64s
from trainer.configs.config import NeighborsConfig, RobotsConfig
from trainer.data.joining.engines.duckdb import open_duckdb
from trainer.data.joining.engines.engine import Engine
from trainer.data.joining.log_tables import LogTables, read_log_tables
from trainer.data.joining.robots import find_robots

WEIGHTS = {Action.CLICK: 1.0, Action.COLLECT: 1.5, Action.CART: 2.0, Action.ORDER: 3.0}
"""How much a choice says: who pays means it more than who looks."""

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Columns of equal length, in order of user, time and item. No user has an item twice."""

    item_ids: Ids
    """By number; ascending."""
    users: Numbers
    items: Numbers
    at_ms: Int64s
    weights: Float32s

    def __len__(self) -> int:
        return len(self.users)


def read_choices(
    logs_folder: Path, scratch: Path, config: NeighborsConfig, robots: RobotsConfig, *, before_ms: int
) -> Choices:
    """What people chose before `before_ms`; robots are left out, and of busy users all but their newest items.

    The logs are believed: read_logs checks them. `scratch` is filled while it runs and gone afterwards.
    """
    scratch.mkdir(parents=True)
    with open_duckdb(scratch) as engine:
        logs = read_log_tables(engine, logs_folder).before(before_ms)
        chosen = engine.keep("chosen", _newest(_chosen(logs, robots), config.per_user))
        users = engine.keep("users", _numbered(chosen, "user_id"))
        items = engine.keep("items", _numbered(chosen, "item_id"))
        rows = chosen.inner_join(users, "user_id").inner_join(items, "item_id")
        rows = rows.select("user_id_no", "item_id_no", "at_ms", "weight")
        found = _fetched(engine, rows.order_by("user_id_no", "at_ms", "item_id_no"))
        names = _fetched(engine, items.order_by("item_id_no").select("item_id"))
    shutil.rmtree(scratch)
    return Choices(
        item_ids=_packed(names["item_id"].to_pylist()),
        users=found["user_id_no"].to_numpy(),
        items=found["item_id_no"].to_numpy(),
        at_ms=found["at_ms"].to_numpy(),
        weights=found["weight"].to_numpy(),
    )


def _chosen(logs: LogTables, robots: RobotsConfig) -> ir.Table:
    """Each item of a user once: when they chose it last, and what the most telling action on it weighs."""
    events = logs.events.anti_join(find_robots(logs, robots), "user_id")
    weight = events.action.cases(*((int(action), weight) for action, weight in WEIGHTS.items()))
    events = events.mutate(weight=weight.cast("float32"))
    return events.group_by("user_id", "item_id").agg(at_ms=events.at_ms.max(), weight=events.weight.max())


def _newest(chosen: ir.Table, per_user: int) -> ir.Table:
    newest_first = {"group_by": "user_id", "order_by": [ibis.desc("at_ms"), "item_id"]}
    placed = chosen.mutate(place=ibis.row_number().over(**newest_first))
    return placed.filter(placed.place < per_user).drop("place")


def _numbered(chosen: ir.Table, name: str) -> ir.Table:
    """Each value of the column once, with its number from 0 in their order."""
    distinct = chosen.select(name).distinct()
    return distinct.mutate(**{f"{name}_no": ibis.row_number().over(order_by=name).cast("int32")})


def _fetched(engine: Engine, rows: ir.Table) -> pa.Table:
    return pa.Table.from_batches(engine.batches(rows), rows.schema().to_pyarrow())


def _packed(names: list[str]) -> Ids:
    raw = [name.encode("utf-8") for name in names]
    return np.array(raw, f"S{max(map(len, raw), default=1) or 1}")
