"""Any of the brands that the query demands. A demanded brand that the catalogue does not know is met by nothing."""

from server.relevance.membership import of_brand
from server.relevance.rule import Case, Rule, Test
from server.result import Verdict


def _test_of(case: Case) -> Test | None:
    return of_brand(case.columns, case.intent.brand_names) if case.intent.brands else None


RULE = Rule(Verdict.BRAND, _test_of)
