"""What the index can check by itself of what the policy demands, so that a deeper search looks only where it may find.

Never stricter than the policy, and never trusted: what comes back is judged like everything else.
"""

from multigrain.index.item_index import HardFilter
from multigrain.types import ItemStatus
from server.relevance.rule import Case


def push_down(case: Case) -> HardFilter:
    """The filter for the index. The index knows no price, stock, attribute or word, and of a filter's category not
    whether it is a path or a name: these stay with the policy. So do exclusions.
    """
    return HardFilter(
        # One list each: where query and request both name brands, the query's are the ones pushed down.
        brands=case.intent.brand_names or case.filters.brands,
        categories=_paths(case),
        shops=case.filters.shops,
        statuses=(int(ItemStatus.ACTIVE),),
    )


def _paths(case: Case) -> tuple[str, ...]:
    """The demanded categories; none where one of them is the bare name of a category further down, for to an index it
    would be a path, and hide what the policy keeps."""
    categories = case.intent.category_paths
    return categories if all(map(case.columns.path_table.is_path, categories)) else ()
