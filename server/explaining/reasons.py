"""What the rules hold against one item, in words: every rule that it fails, not only the first."""

from collections.abc import Sequence

from multigrain.types import ItemStatus
from server.relevance.rule import Case
from server.result import Verdict
from server.understanding.intent import Demand


def reasons(case: Case, item_no: int, failures: Sequence[Verdict]) -> str:
    """'brand is nike, the query demands adidas; colour is blue, the query demands red'."""
    return "; ".join(_reason(case, item_no, failure) for failure in failures)


def contradicted(case: Case, item_no: int) -> list[str]:
    """Names of the attributes that the item states, and none of the demanded values of."""
    stated = case.columns.attributes_of(item_no)
    wanted: dict[str, list[str]] = {}
    for demand in case.intent.attributes:
        wanted.setdefault(demand.name, []).append(demand.value)
    return [name for name, values in wanted.items() if name in stated and stated[name] not in values]


def missing_words(case: Case, item_no: int) -> list[str]:
    """Demanded words that the item's title does not hold."""
    words = dict.fromkeys(demand.value for demand in case.intent.words)
    return [word for word in words if item_no not in case.holders.get(word, ())]


def _reason(case: Case, item_no: int, failure: Verdict) -> str:
    columns, intent = case.columns, case.intent
    brand = columns.brand_of(item_no) or "none"
    path = "/".join(columns.category_path_of(item_no))
    match failure:
        case Verdict.STATUS:
            status = ItemStatus(int(columns.status[item_no]))
            return f"it is {status.name.lower()}, with {columns.stock[item_no]} in stock"
        case Verdict.FILTER:
            shop = columns.shop_of(item_no) or "none"
            price = f"{columns.price[item_no]:g}"
            return f"outside the filters (brand {brand}, category {path}, shop {shop}, price {price})"
        case Verdict.EXCLUDED:
            return f"the shop keeps {_any_of([*intent.without_brands, *intent.without_categories])} out of this query"
        case Verdict.BRAND:
            return f"brand is {brand}, the query demands {_any_of(intent.brands)}"
        case Verdict.CATEGORY:
            return f"category is {path}, the query demands {_any_of(intent.categories)}"
        case Verdict.ATTRIBUTE:
            stated = columns.attributes_of(item_no)
            return "; ".join(
                f"{name} is {stated[name]}, the query demands "
                f"{_any_of([demand for demand in intent.attributes if demand.name == name])}"
                for name in contradicted(case, item_no)
            )
        case Verdict.WORD:
            return f"its title does not hold {' and '.join(missing_words(case, item_no))}"
        case Verdict.SCORE:
            return f"the vector channel alone found it, and gave it less than {case.least_score:.3g}"
        case _:
            return "the catalogue does not know it"


def _any_of(demands: Sequence[Demand]) -> str:
    return " or ".join(demand.value for demand in demands)
