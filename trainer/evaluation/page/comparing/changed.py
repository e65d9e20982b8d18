"""The searches whose answers changed most: what came, and what went."""

from trainer.evaluation.page.markup import Markup, joined, tag
from trainer.evaluation.page.section import Section
from trainer.evaluation.page.shown_items import chips, moved_items
from trainer.evaluation.report import ChangedQuery, Comparison


def _write(comparison: Comparison) -> Markup | None:
    return joined(map(_card, comparison.changed)) if comparison.changed else None


def _card(changed: ChangedQuery) -> Markup:
    moved = f"{changed.metric} {changed.before:.3f} → {changed.after:.3f}"
    return tag(
        "article",
        tag(
            "h3",
            tag("span", changed.query or "(empty query)", dir="auto", class_="query"),
            tag("span", moved, class_="score"),
        ),
        chips(changed.slices),
        tag("p", f"{changed.overlap:.0%} of the first answers are in both.", class_="why"),
        tag(
            "div",
            moved_items("Went, only in A", changed.went),
            moved_items("Came, only in B", changed.came),
            class_="pair",
        ),
        class_="card",
    )


CHANGED = Section("changed", "Searches that changed most", _write)
