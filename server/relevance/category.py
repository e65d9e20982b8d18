"""In or below any of the categories that the query demands."""

from server.relevance.membership import in_category
from server.relevance.rule import Case, Rule, Test
from server.result import Verdict


def _test_of(case: Case) -> Test | None:
    return in_category(case.columns, case.intent.category_paths) if case.intent.categories else None


RULE = Rule(Verdict.CATEGORY, _test_of)
