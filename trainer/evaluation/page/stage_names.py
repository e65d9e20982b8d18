"""The stages by name: which follow one another, which are yardsticks, and how each is drawn."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.evaluation.report import Report, StageReport

PATH = ("exact", "index", "vector channel", "fused", "answer")
"""From the towers to the user. Each stage works on what the one before left it."""
YARDSTICKS = ("history withheld", "popularity")
"""Beside the path: what the figures are held against."""

_DRAWN = ("exact", "index", "vector channel", "lexical channel", "fused", "answer", *YARDSTICKS)
_ELSE = 4
"""Styles for stages that nobody has named here."""


def path_of(report: "Report") -> "tuple[StageReport, ...]":
    """The measured stages of the path, in its order."""
    found = {stage.name: stage for stage in report.stages}
    return tuple(found[name] for name in PATH if name in found)


def deciding_stage(report: "Report") -> "StageReport | None":
    """None: its cells are not in the report."""
    return next((stage for stage in report.stages if stage.name == report.deciding), None)


def style_of(name: str, stages: "Sequence[StageReport]") -> int:
    """A number for the style sheet: the same stage looks the same in every report."""
    if name in _DRAWN:
        return _DRAWN.index(name)
    others = [stage.name for stage in stages if stage.name not in _DRAWN]
    return len(_DRAWN) + others.index(name) % _ELSE
