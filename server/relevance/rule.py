"""The shape of a rule: pure, columnar, and unable to fail. It sees one case and says who passes.

Everything a rule needs was gathered before. What a rule cannot find, it does not let through.
"""

from collections.abc import Callable
from dataclasses import dataclass

from multigrain.catalog.columns import CatalogueColumns
from multigrain.types import Bools, Int64s
from server.request import Filters
from server.result import Verdict
from server.understanding.intent import Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What candidates are judged on: one request against one view of the catalogue."""

    columns: CatalogueColumns
    intent: Intent
    filters: Filters


@dataclass(frozen=True, slots=True)
class Rule:
    """Who fails it gets `verdict`."""

    verdict: Verdict
    passes: Callable[[Case, Int64s], Bools]
    """Of rows of the columns that hold an item, [n] -> [n]."""
