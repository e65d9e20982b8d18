"""Any of the brands that the query demands. A demanded brand that the catalogue does not know is met by nothing."""

from multigrain.types import Bools, Int64s
from server.relevance.membership import of_brand
from server.relevance.rule import Case, Rule
from server.result import Verdict


def _passes(case: Case, rows: Int64s) -> Bools:
    return of_brand(case.columns, rows, case.intent.brand_names)


RULE = Rule(Verdict.BRAND, _passes)
