"""What the index can check by itself of what the policy demands, so that a deeper search looks only where it may find.

Never stricter than the policy, and never trusted: what comes back is judged like everything else.
"""

from multigrain.index.item_index import HardFilter
from multigrain.types import ItemStatus
from server.relevance.rule import Case


def push_down(case: Case) -> HardFilter:
    """The filter for the index. Price, stock and category names of filters stay with the policy."""
    return HardFilter(
        # One list each: where query and request both name brands, the query's are the ones pushed down.
        brands=case.intent.brand_names or case.filters.brands,
        categories=case.intent.category_paths,
        shops=case.filters.shops,
        statuses=(int(ItemStatus.ACTIVE),),
    )
