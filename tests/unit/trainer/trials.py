"""Small trials by hand."""

from collections import Counter
from collections.abc import Mapping, Sequence

from multigrain.features.windows import Windows
from multigrain.text.analyzer import analyze
from multigrain.types import Item, ItemId, UserId
from tests.builders import NOON_MS
from trainer.data.example import Example
from trainer.evaluation.before import Before
from trainer.evaluation.trial import Trial, make_trial


def an_example(
    query: str,
    *clicked: str,
    ordered: Sequence[str] = (),
    unclicked: Sequence[str] = (),
    history: Windows | None = None,
    number: int = 0,
    user_id: str = "user-1",
) -> Example:
    return Example(
        search_id=f"search-{number}-{query}",
        user_id=UserId(user_id),
        at_ms=NOON_MS,
        query=query,
        grains=analyze(query),
        clicked=tuple(map(ItemId, clicked)),
        ordered=tuple(map(ItemId, ordered)),
        unclicked=tuple(map(ItemId, unclicked)),
        history=history or Windows(),
    )


def a_trial(
    examples: Sequence[Example],
    items: Sequence[Item],
    *,
    clicks: Mapping[str, int] | None = None,
    asked: Mapping[str, int] | None = None,
) -> Trial:
    return make_trial(examples, items, Before(Counter(clicks or {}), Counter(asked or {})))
