"""READ FIRST. A report, or a comparison of two, as one page that opens offline: on a screen, a phone and paper.

Data in, bytes out: equal reports make equal files.
"""

from pathlib import Path

from trainer.evaluation.page.comparing.changed import CHANGED
from trainer.evaluation.page.comparing.differences import BY_METRIC, DIFFERENCES_BY_SLICE
from trainer.evaluation.page.comparing.reading import READING_BOTH
from trainer.evaluation.page.comparing.sides import sides
from trainer.evaluation.page.document import document
from trainer.evaluation.page.sections.by_slice import BY_SLICE
from trainer.evaluation.page.sections.convergence import CONVERGENCE
from trainer.evaluation.page.sections.gains import GAINS
from trainer.evaluation.page.sections.headline import headline
from trainer.evaluation.page.sections.reading import READING
from trainer.evaluation.page.sections.recall_lost import RECALL_LOST
from trainer.evaluation.page.sections.worst import WORST
from trainer.evaluation.report import Comparison, Report

SECTIONS = (RECALL_LOST, BY_SLICE, GAINS, CONVERGENCE, WORST, READING)
COMPARED = (BY_METRIC, DIFFERENCES_BY_SLICE, CHANGED, READING_BOTH)


def write_page(report: Report, path: Path) -> None:
    """Everything the report holds."""
    page = document(f"Evaluation: {report.subject}", headline(report), SECTIONS, report)
    path.write_text(page, encoding="utf-8", newline="\n")


def write_comparison_page(comparison: Comparison, path: Path) -> None:
    """B beside A."""
    title = f"Comparison: {comparison.a.subject} and {comparison.b.subject}"
    page = document(title, sides(comparison), COMPARED, comparison)
    path.write_text(page, encoding="utf-8", newline="\n")
