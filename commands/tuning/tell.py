"""What came of a tuning: the curve as a table and as a picture, the choice, and the figures."""

from collections.abc import Sequence
from pathlib import Path

from commands.output import Output
from commands.tuning.curve import Point, write_curve
from commands.tuning.trial import Took
from multigrain.figures import Figure
from multigrain.index import specs
from multigrain.index.specs import IndexSpec
from multigrain.index.tuning import Tuned, knobs_of

PICTURES = ("svg", "png")


def setting_of(spec: IndexSpec, k: int) -> str:
    """'nprobe 64', or 'nprobe 64, reorder_k 4000'."""
    return ", ".join(f"{knob.field} {knob.value(spec)}" for knob in knobs_of(spec, k))


def tell(
    name: str, tuned: Tuned, took: dict[IndexSpec, Took], output: Output, *, k: int, recall: float, folder: Path
) -> None:
    """Leaves curve.svg and curve.png in `folder`."""
    shown = tuned.chosen or tuned.best
    points = _points(tuned, took, k)
    title = f"{name}: {shown.spec.kind} at k = {k:,}"
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in PICTURES:
        write_curve(title, points, recall, folder / f"curve.{suffix}")
    output.table(
        title,
        ("setting", "recall>", "median ms>", "p95 ms>", ""),
        [(p.setting, f"{p.recall:.4f}", f"{p.median_ms:.2f}", f"{p.p95_ms:.2f}", _mark(p)) for p in points],
        caption=f"recall {recall} was wanted; the curve: {folder / 'curve.svg'}, .png",
    )
    if tuned.chosen is None:
        output.say(
            f"no setting finds {recall}, the best {shown.recall:.4f}, with {setting_of(shown.spec, k)}: nothing is "
            "kept. Ask for less with --recall, or build another kind: `multigrain index plan --recall` names those "
            "that should reach it"
        )
    else:
        output.say(f"{name} keeps {setting_of(shown.spec, k)}: a server searches so when it loads the generation")
    output.result(
        {
            "generation_id": name,
            "kept": tuned.chosen is not None,
            "spec": specs.to_dict(shown.spec),
            "curve": [
                {"setting": p.setting, "recall": p.recall, "median_ms": p.median_ms, "p95_ms": p.p95_ms} for p in points
            ],
            "figures": [
                figure.as_json()
                for figure in _figures(setting_of(shown.spec, k), shown.recall, took[shown.spec], recall)
            ],
        }
    )


def _points(tuned: Tuned, took: dict[IndexSpec, Took], k: int) -> list[Point]:
    """The cheapest setting first."""
    chosen = None if tuned.chosen is None else tuned.chosen.spec
    in_order = sorted(tuned.tried, key=lambda tried: [knob.value(tried.spec) for knob in knobs_of(tried.spec, k)])
    return [
        Point(
            setting=setting_of(tried.spec, k),
            recall=tried.recall,
            median_ms=took[tried.spec].median_ms,
            p95_ms=took[tried.spec].p95_ms,
            is_chosen=tried.spec == chosen,
        )
        for tried in in_order
    ]


def _mark(point: Point) -> str:
    return "chosen" if point.is_chosen else ""


def _figures(setting: str, recall: float, took: Took, wanted: float) -> Sequence[Figure]:
    return (
        Figure(name=f"recall, {setting}", value=recall, unit="of exact", target=wanted, at_most=False),
        Figure(name=f"search, median, {setting}", value=took.median_ms, unit="ms"),
        Figure(name=f"search, 95th percentile, {setting}", value=took.p95_ms, unit="ms"),
    )
