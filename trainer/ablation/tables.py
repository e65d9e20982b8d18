"""A study on paper: a table in Markdown, a plot, and the figures for machines."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from trainer.ablation.interval import Interval
from trainer.ablation.plots import write_plot
from trainer.ablation.run import Row

COLUMNS = (
    "recall@10",
    "recall@100",
    "order_recall@100",
    "history_off_recall@100",
    "popularity_recall@100",
    "new_recall@100",
    "p_good@100",
)
WINDOWS = ("realtime", "short", "long")
STAGES = ("height_ordered", "height_clicked", "height_unclicked", "ordered_over_unclicked", "clicked_over_unclicked")
MAIN = "recall@100"


def write_results(name: str, rows: Sequence[Row], *, seeds: int, folder: Path) -> None:
    """`NAME.md`, `NAME.svg` and `NAME.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_plot(name, rows, MAIN, folder / f"{name}.svg")
    document = {
        "study": name,
        "seeds": seeds,
        "figures": figures_of(name, rows),
        "convergence": {row.variant: row.convergence for row in rows},
    }
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    (folder / f"{name}.md").write_text(table_of(name, rows, seeds=seeds), "utf-8")


def columns_of(rows: Sequence[Row]) -> list[str]:
    """Of the columns of a table, those that were measured."""
    return [name for name in COLUMNS if name in rows[0].scores]


def said(found: Interval) -> str:
    return f"{found.mean:.3f} ± {found.half:.3f}"


def figures_of(name: str, rows: Sequence[Row]) -> list[dict[str, object]]:
    """Every score of every row, as JSON holds it."""
    return [_figure(f"{name}: {row.variant}: {score}", found) for row in rows for score, found in row.scores.items()]


def table_of(name: str, rows: Sequence[Row], *, seeds: int) -> str:
    """Markdown. The last column holds each row's main score against the first row's."""
    columns = columns_of(rows)
    heads = ["variant", *columns, f"{MAIN}, against the first"]
    first = rows[0].scores[MAIN]
    body = [
        [row.variant, *(said(row.scores[column]) for column in columns), _against(row.scores[MAIN], first)]
        for row in rows
    ]
    return (
        f"# {name}\n\nMean and 95 % interval (Student's t) over {seeds} seeds.\n\n"
        + _markdown(heads, body)
        + _stages(rows)
        + _windows(rows)
        + f"\n![{name}]({name}.svg)\n"
    )


def _stages(rows: Sequence[Row]) -> str:
    """How high what users did stands, and how often it stands in order."""
    shown = [name for name in STAGES if name in rows[0].scores]
    if not shown:
        return ""
    body = [[row.variant, *(said(row.scores[name]) for name in shown)] for row in rows]
    told = "Heights are in standard deviations above any item; the rest are shares of the pairs of one search."
    return f"\n{told}\n\n" + _markdown(["variant", *shown], body)


def _windows(rows: Sequence[Row]) -> str:
    """What each window of the history does for the searches that only it can help."""
    shown = [window for window in WINDOWS if f"only_{window}_recall@100" in rows[0].scores]
    if not shown:
        return ""
    heads = ["variant", *(f"{window}: with, without it" for window in shown)]
    body = [[row.variant, *(_with_and_without(row, window) for window in shown)] for row in rows]
    return "\nrecall@100 on the searches whose clicked brand only one window knows:\n\n" + _markdown(heads, body)


def _with_and_without(row: Row, window: str) -> str:
    kept, withheld = (row.scores[f"only_{window}_{how}recall@100"] for how in ("", "withheld_"))
    return f"{said(kept)}, {said(withheld)}"


def _against(found: Interval, first: Interval) -> str:
    if found is first:
        return ""
    return f"{found.mean - first.mean:+.3f}" + ("" if found.apart_from(first) else " (intervals overlap)")


def _markdown(heads: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _figure(name: str, found: Interval) -> dict[str, object]:
    half = found.half if math.isfinite(found.half) else None
    return {"name": name, "value": found.mean, "unit": "", "half_interval": half}
