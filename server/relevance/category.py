"""In or below any of the categories that the query demands."""

from multigrain.types import Bools, Int64s
from server.relevance.membership import in_category
from server.relevance.rule import Case, Rule
from server.result import Verdict


def _passes(case: Case, rows: Int64s) -> Bools:
    return in_category(case.columns, rows, case.intent.category_paths)


RULE = Rule(Verdict.CATEGORY, _passes)
