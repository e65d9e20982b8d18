"""Brands and categories that the shop keeps out of the answer to this query. Unknown names keep nothing out."""

from multigrain.types import Bools
from server.relevance.membership import in_category, of_brand
from server.relevance.rule import Case, Rows, Rule, Test
from server.result import Verdict


def _test_of(case: Case) -> Test | None:
    out: list[Test] = []
    if case.intent.without_brands:
        out.append(of_brand(case.columns, [demand.value for demand in case.intent.without_brands]))
    if case.intent.without_categories:
        out.append(in_category(case.columns, [demand.value for demand in case.intent.without_categories]))

    def is_none_of_them(rows: Rows) -> Bools:
        passed = ~out[0](rows)
        for is_out in out[1:]:
            passed &= ~is_out(rows)
        return passed

    return is_none_of_them if out else None


RULE = Rule(Verdict.EXCLUDED, _test_of)
