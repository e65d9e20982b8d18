"""The trainer's progress reports as steps on the screen."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from commands.progress import Progress, Step

if TYPE_CHECKING:
    from trainer.progress import Progress as Report
    from trainer.progress import Reporter


@contextmanager
def reporter_on(progress: Progress) -> "Iterator[Reporter]":
    """A reporter that opens a bar for each step it hears of, and closes it when the step is done."""
    with ExitStack() as open_steps:
        steps: dict[str, tuple[Step, ExitStack]] = {}

        def report(said: "Report") -> None:
            if said.step not in steps:
                own = ExitStack()
                open_steps.push(own)
                steps[said.step] = (own.enter_context(progress.step(said.step)), own)
            step, own = steps[said.step]
            step.update(said.done, said.total, _note(said))
            if said.done >= said.total:
                own.close()
                del steps[said.step]

        yield report


def _note(said: "Report") -> str:
    parts = []
    if said.loss is not None:
        parts.append(f"loss {said.loss:.3f}")
    if said.recall is not None:
        parts.append(f"recall@100 {said.recall:.3f}")
    if said.per_second:
        parts.append(f"{said.per_second:,.0f}/s")
    return ", ".join(parts)
