"""A query that names a brand: what relevance control dropped, and why."""

from commands.demonstration.scenes.scene import Figures, Stage
from multigrain.figures import Figure
from multigrain.types import ItemId

LIMIT = 100
"""More than the shop has of most brands in a category: without control, others fill the answer."""
SHOWN = 6


def play(stage: Stage) -> Figures:
    """Asks with relevance control off and on, and shows some of what was dropped. Strict: of a brand that has hardly an
    item in the category, FILL would show others behind it.
    """
    query = stage.cast.brand_query
    off = stage.client.retrieve(query, limit=LIMIT, mode="off")
    on = stage.client.retrieve(query, limit=LIMIT, mode="strict", debug=True)
    dropped = _of_each_rule(list(zip(on.dropped_item_ids, on.dropped_verdicts, strict=True)))
    stage.output.table(
        f"3. A brand query: {query!r} demands "
        + ", ".join([*(f"brand {name}" for name in on.brands), *(f"category {name}" for name in on.categories)]),
        ("dropped", "its brand", "its category", "by the rule"),
        [_row(stage, item_id, verdict) for item_id, verdict in dropped],
    )
    misses = [sum(not _meets(stage, item_id) for item_id in answer.item_ids) for answer in (off, on)]
    by = ", ".join(f"{count} by {rule}" for rule, count in on.dropped_by.items())
    stage.output.say(f"   judged {on.judged}, dropped {on.dropped}: {by or 'none'}")
    stage.output.say(
        f"   of the candidates miss a demand: {misses[0]} of {len(off)} without control, "
        f"{misses[1]} of {len(on)} with it\n"
    )
    return [
        Figure(name="candidates dropped", value=on.dropped, unit="items"),
        Figure(name=f"of {len(off)} candidates, missing a demand, control off", value=misses[0], unit="items"),
        Figure(name=f"of {len(on)} candidates, missing a demand, control on", value=misses[1], unit="items", target=0),
    ]


def _meets(stage: Stage, item_id: str) -> bool:
    """Judged here anew, from the catalogue: a check that asks the server itself would prove nothing."""
    item = stage.item(item_id)
    return item.brand == stage.cast.first.brand and item.leaf_category == stage.cast.category


def _of_each_rule(dropped: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The first few of each verdict, so that the most frequent one does not hide the others."""
    rules = list(dict.fromkeys(verdict for _, verdict in dropped))
    each = max(1, SHOWN // max(1, len(rules)))
    return [entry for rule in rules for entry in [one for one in dropped if one[1] == rule][:each]]


def _row(stage: Stage, item_id: str, verdict: str) -> tuple[str, str, str, str]:
    if not item_id:
        return "(no longer in the catalogue)", "", "", verdict
    item = stage.shop.catalogue.get([ItemId(item_id)])[ItemId(item_id)].item
    return item.title, item.brand, " / ".join(item.category_path), verdict
