"""What some logs hold, in figures: what there is to learn, and how hard it is. Simulated logs also by their truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.features.windows import DAY_MS, WindowConfig
from multigrain.figures import Figure
from multigrain.types import Int64s
from trainer.configs.config import RobotsConfig
from trainer.data.joining.engines.duckdb import open_duckdb
from trainer.data.joining.log_tables import read_log_tables
from trainer.data.joining.robots import find_robots
from trainer.data.logs import Logs
from trainer.data.market.needs import Kind
from trainer.evaluation.clicks import Clicks, clicks_of
from trainer.evaluation.pages import Pages, pages_of
from trainer.evaluation.truth import IRRELEVANT, Truth
from trainer.evaluation.window_lift import WINDOWS, Lift, measure_lifts

LIFT_TARGET = 1.05
OWN_TARGET = 0.005
"""What each window of a simulation must tell at least, alone and beside the others."""
HEAD = 0.01
"""The most frequent queries: this share of the distinct ones."""


@dataclass(frozen=True, slots=True)
class Section:
    """Some figures that belong together."""

    title: str
    figures: Sequence[Figure]


def describe(
    folder: Path, logs: Logs, truth: Truth | None, *, windows: WindowConfig, robots: RobotsConfig
) -> list[Section]:
    """The figures of the logs in `folder`. `truth` None: they are not simulated, and what needs it is left out."""
    caught = _robots(folder, robots)
    clicks = clicks_of(logs, without=caught)
    sections = [_sizes(logs), _queries(logs, truth), _items(logs, clicks), _caught(logs, caught, truth)]
    pages = pages_of(logs)
    if len(pages.search):
        sections += [_click_through(pages), _relevance(logs, pages, truth)]
    return [*sections, *_windows(measure_lifts(clicks, windows), simulated=truth is not None)]


def _sizes(logs: Logs) -> Section:
    actions = {row["values"]: row["counts"] for row in pc.value_counts(logs.events["action"]).to_pylist()}
    users = pa.chunked_array([*logs.searches["user_id"].chunks, *logs.events["user_id"].chunks], pa.string())
    shown = pc.sum(pc.list_value_length(logs.searches["exposed_item_ids"])).as_py() or 0
    counts = {"items": len(logs.catalog), "users": len(users.unique()), "searches": len(logs.searches)}
    counts |= {"exposures": shown} | {f"events: {name}": count for name, count in sorted(actions.items())}
    counts["events outside of searches"] = logs.events["search_id"].null_count
    return Section("What there is", [_count(name, count) for name, count in counts.items()])


def _queries(logs: Logs, truth: Truth | None) -> Section:
    query = logs.searches["query"]
    frequency = np.sort(pc.value_counts(query).field("counts").to_numpy())[::-1] if len(query) else np.zeros(0)
    head = frequency[: max(1, int(len(frequency) * HEAD))].sum()
    figures = [
        _count("distinct queries", len(frequency)),
        _share(f"searches with the {HEAD:.0%} most frequent queries", head, frequency.sum()),
    ]
    if truth is not None:
        kinds = truth.kinds(query.combine_chunks())
        counted = np.bincount(kinds["kind"].to_numpy(), minlength=len(Kind))
        figures += [
            _share(f"queries: {kind.name.lower().replace('_', ' ')}", counted[kind], len(query)) for kind in Kind
        ]
        for name in ("chinese", "mistyped"):
            figures.append(_share(f"queries: {name}", pc.sum(kinds[name]).as_py(), len(query)))
    return Section("Queries", figures)


def _items(logs: Logs, clicks: Clicks) -> Section:
    brands = pc.unique(logs.catalog["brand"])
    chinese = sum(not (brand or "").isascii() for brand in brands.to_pylist())
    figures = [_share("brands with a name that is not Latin", chinese, len(brands))]
    if len(logs.searches):
        first_ms = pc.min(logs.searches["at_ms"]).as_py()
        fresh = logs.catalog["listed_ms"].to_numpy() >= first_ms
        figures.append(_share("items that came in since the first search", fresh.sum(), len(fresh)))
        figures.append(_share("clicks on them", fresh[clicks.item[clicks.from_search]].sum(), clicks.from_search.sum()))
    if len(clicks.item):
        figures.append(_share("clicks on an item that the user had clicked before", _repeats(clicks), len(clicks.item)))
        late = clicks.at_ms >= clicks.at_ms.max() - DAY_MS
        known = np.isin(clicks.item[late], clicks.item[~late])
        figures.append(_share("clicks of the last day on items nobody clicked before", (~known).sum(), late.sum()))
    return Section("Items", figures)


def _caught(logs: Logs, caught: pa.Array, truth: Truth | None) -> Section:
    mine = pc.sum(pc.is_in(logs.searches["user_id"], value_set=caught)).as_py() or 0
    figures = [_count("robots by the rule", len(caught)), _share("searches of theirs", mine, len(logs.searches))]
    if truth is not None:
        real = truth.robots().combine_chunks()
        right = pc.sum(pc.is_in(caught, value_set=real)).as_py() or 0
        figures += [
            _share("of them really robots", right, len(caught)),
            _share("of the real robots caught", right, len(real)),
        ]
    return Section("Robots", figures)


def _click_through(pages: Pages) -> Section:
    shown, clicked = np.bincount(pages.rank), np.bincount(pages.rank, weights=pages.clicked)
    through = clicked / np.maximum(shown, 1)
    return Section(
        "Click-through by rank",
        [Figure(name=f"rank {rank + 1}", value=float(share), unit="") for rank, share in enumerate(through)],
    )


def _relevance(logs: Logs, pages: Pages, truth: Truth | None) -> Section:
    searches = len(np.unique(pages.search))
    with_click = len(np.unique(pages.search[pages.clicked]))
    figures = [
        _share("pages with a click", with_click, searches),
        Figure(name="clicks a page", value=float(pages.clicked.sum() / searches), unit=""),
    ]
    if truth is not None:
        grades = truth.grades(logs.searches["query"].take(pa.array(pages.search)).combine_chunks(), pages.item_ids)
        bad = grades == IRRELEVANT
        figures += [
            _share("irrelevant exposures", bad.sum(), len(bad)),
            _share("irrelevant clicks", (bad & pages.clicked).sum(), pages.clicked.sum()),
            *(_share(f"exposures of grade {grade}", (grades == grade).sum(), len(grades)) for grade in (1, 2, 3)),
        ]
    return Section(f"Pages ({searches:,} of them)", figures)


def _windows(lifts: Sequence[Lift], *, simulated: bool) -> list[Section]:
    """One section a task: each window alone, and what is lost without it. A simulation has targets to meet."""
    lift_target, own_target = (LIFT_TARGET, OWN_TARGET) if simulated else (None, None)
    sections = []
    for task in dict.fromkeys(lift.task for lift in lifts):
        found = {lift.windows: lift for lift in lifts if lift.task == task}
        nothing, everything = found[()], found[WINDOWS]
        figures = [
            Figure(name=f"{task}: right without history", value=nothing.hit, unit=""),
            Figure(name=f"{task}: right with all windows", value=everything.hit, unit=""),
        ]
        for window in WINDOWS:
            others = tuple(other for other in WINDOWS if other != window)
            figures += [
                Figure(
                    name=f"{task}: lift by {window} alone",
                    value=found[(window,)].hit / max(nothing.hit, 1e-9),
                    unit="x",
                    target=lift_target,
                    at_most=False,
                ),
                Figure(
                    name=f"{task}: only {window} tells",
                    value=everything.nats - found[others].nats,
                    unit="nats a click",
                    target=own_target,
                    at_most=False,
                ),
            ]
        sections.append(Section(f"The next click's {task}, guessed from history", figures))
    return sections


def _robots(folder: Path, limits: RobotsConfig) -> pa.Array:
    with TemporaryDirectory() as scratch, open_duckdb(Path(scratch)) as engine:
        rows = engine.rows(find_robots(read_log_tables(engine, folder), limits))
    return pa.array(sorted(row["user_id"] for row in rows), pa.string())


def _repeats(clicks: Clicks) -> int:
    pairs: Int64s = clicks.user * (int(clicks.item.max()) + 1) + clicks.item
    return len(pairs) - len(np.unique(pairs))


def _count(name: str, count: int) -> Figure:
    return Figure(name=name, value=float(count), unit="")


def _share(name: str, part: float, whole: float) -> Figure:
    return Figure(name=name, value=float(part) / float(whole) if whole else 0.0, unit="share")
