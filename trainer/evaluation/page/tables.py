"""Tables of metrics: one row a stage or a slice, one column a metric, each cell with its interval."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trainer.evaluation.bootstrap import Difference
from trainer.evaluation.page.markup import Markup, joined, tag, words_of
from trainer.evaluation.page.metric_names import change, direction, value
from trainer.evaluation.report import TINY, Cell

HOLLOW = "○ "
"""Before a mean over few searches. A sign and not a colour alone: it is seen in print and by everyone."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line."""

    name: str
    cells: Mapping[str, Cell]
    says: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading. An empty heading: none is shown."""

    title: str
    rows: Sequence[Row]


def metric_table(first: str, groups: Sequence[Group], metrics: Sequence[str]) -> Markup:
    """`first`: what a row is. What was not measured is a dash."""
    head = (first, "searches", *metrics)
    return table(head, [body for group in groups for body in _group(group, metrics)])


def table(head: Sequence[str], bodies: Sequence[Markup]) -> Markup:
    """In a box of its own, which scrolls where the page is narrower. The first column is words, the others numbers."""
    names = [
        tag("th", _breakable(name), scope="col", class_=None if column == 0 else "n")
        for column, name in enumerate(head)
    ]
    inner = tag("table", tag("thead", tag("tr", *names)), *bodies)
    return tag("div", inner, class_="scroll", tabindex=0)


def tiny_note(cells: Sequence[Cell | Difference]) -> Markup:
    """What the hollow sign means; nothing where none was used."""
    if all(cell.queries >= TINY for cell in cells):
        return joined(())
    return tag("p", f"{HOLLOW}from fewer than {TINY} searches: shown, and not to be relied on.", class_="note")


def cells_of(groups: Sequence[Group]) -> list[Cell]:
    return [cell for group in groups for row in group.rows for cell in row.cells.values()]


def difference_cell(metric: str, difference: Difference | None) -> Markup:
    """B less A. A sure one is marked with the direction in which it is sure."""
    if difference is None:
        return tag("td", "–", class_="n none")
    written = change(metric, difference.mean)
    sure, sign = direction(metric, difference)
    if difference.queries < TINY:
        return tag("td", HOLLOW, written, sign, interval(metric, difference), class_="n tiny")
    return tag("td", written, sign, interval(metric, difference), class_=f"n {sure}".rstrip())


def interval(metric: str, found: Cell | Difference) -> Markup:
    """In small print, under the number."""
    written = change if isinstance(found, Difference) else value
    return tag("small", f"{written(metric, found.low)} … {written(metric, found.high)}")


def _group(group: Group, metrics: Sequence[str]) -> Iterator[Markup]:
    columns = len(metrics) + 2
    title = [tag("tr", tag("th", words_of(group.title), scope="colgroup", colspan=columns), class_="group")]
    yield tag("tbody", *(title if group.title else []), *(_row(row, metrics) for row in group.rows))


def _row(row: Row, metrics: Sequence[str]) -> Markup:
    says = [tag("small", row.says)] if row.says else []
    searches = max((cell.queries for cell in row.cells.values()), default=0)
    return tag(
        "tr",
        tag("th", words_of(row.name), *says, scope="row"),
        tag("td", f"{searches:,}", class_="n count"),
        *(_cell(metric, row.cells.get(metric)) for metric in metrics),
    )


def _cell(metric: str, cell: Cell | None) -> Markup:
    if cell is None:
        return tag("td", "–", class_="n none")
    if cell.tiny:
        return tag("td", HOLLOW, value(metric, cell.mean), interval(metric, cell), class_="n tiny")
    return tag("td", value(metric, cell.mean), interval(metric, cell), class_="n")


def _breakable(name: str) -> Markup:
    """Before its depth: a narrow column takes two lines for `exclusive_vector@100`."""
    base, at, depth = name.partition("@")
    return joined((base, tag("wbr"), at + depth)) if at else joined((name,))
