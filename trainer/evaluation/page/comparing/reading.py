"""How to read a comparison."""

from trainer.evaluation.page.markup import Markup
from trainer.evaluation.page.section import Section
from trainer.evaluation.page.sections.reading import reading
from trainer.evaluation.report import Comparison


def _write(comparison: Comparison) -> Markup | None:
    return reading(comparison.differences)


READING_BOTH = Section("reading", "How to read this", _write)
