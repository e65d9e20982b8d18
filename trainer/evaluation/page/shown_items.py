"""Items as lists: those that were wanted, those of an answer, those that came or went."""

from collections.abc import Sequence

from trainer.evaluation.page.markup import Markup, joined, listed, tag, words_of
from trainer.evaluation.report import ShownItem


def wanted_items(items: Sequence[ShownItem]) -> Markup:
    """All of them were: a mark at every line would say nothing."""
    return _block("Wanted", "ul", [_line(item) for item in items])


def returned_items(items: Sequence[ShownItem]) -> Markup:
    """The answer from the top, with its ranks."""
    return _block("Returned", "ol", [_line(item, *_mark(item)) for item in items])


def moved_items(title: str, items: Sequence[ShownItem]) -> Markup:
    """Of one of two answers only."""
    return _block(title, "ul", [_line(item, *_mark(item)) for item in items])


def chips(slices: Sequence[str]) -> Markup:
    """The slices that a search is in."""
    return tag("p", *(words_of(part, class_="chip") for part in slices), class_="chips") if slices else joined(())


def _block(title: str, kind: str, lines: Sequence[Markup]) -> Markup:
    shown = tag(kind, *lines) if lines else tag("p", "nothing", class_="soft")
    return tag("div", tag("h4", title), shown, class_="items")


def _line(item: ShownItem, *marks: Markup) -> Markup:
    about = [words_of(part) for part in (item.brand, item.item_id) if part]
    note = [tag("em", words_of(item.note))] if item.note else []
    return tag(
        "li",
        tag("span", item.title or "(no title)", class_="title", dir="auto"),
        tag("span", listed([*marks, *about, *note]), class_="about"),
    )


def _mark(item: ShownItem) -> list[Markup]:
    return [tag("b", "✓ wanted", class_="wanted")] if item.wanted else []
