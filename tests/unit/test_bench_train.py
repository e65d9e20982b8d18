"""What `multigrain bench train` makes of a journal."""

import pytest

from benchmarks.train import Run, figures_of, moments_of
from trainer.training.journal import Line


def a_line(step: int, per_second: float, stall: float) -> Line:
    return Line(step=step, loss=1.0, recall=None, per_second=per_second, rate=0.1, stall=stall)


LINES = [
    a_line(20, 20.0, 0.9),  # 10 s for 20 steps of 10
    a_line(40, 400 / 12, 0.25),  # at 12 s; half a second of the last two waited
    a_line(60, 600 / 14, 0.0),  # at 14 s
    a_line(80, 800 / 16, 0.1),  # at 16 s
]


def test_a_journal_tells_when_each_step_was_done_and_what_was_waited_until_then() -> None:
    moments = moments_of(LINES, 10)

    assert [moment.step for moment in moments] == [0, 20, 40, 60, 80]
    assert [moment.seconds for moment in moments] == pytest.approx([0, 10, 12, 14, 16])
    assert [moment.waited for moment in moments] == pytest.approx([0, 9, 9.5, 9.5, 9.7])


def test_figures_leave_out_the_steps_that_made_the_graph() -> None:
    figures = figures_of(Run("demo", 100, 10, 2, xla=False), moments_of(LINES, 10))

    values = {figure.name.partition(": ")[2]: figure.value for figure in figures}
    assert values == pytest.approx(
        {
            "trained": 100,  # 60 steps of 10 in 6 s
            "a step": 100,
            "input stall, first pass": 25,  # steps 20 to 40 of 80 in two passes
            "input stall, later passes": 5,  # 0.2 s of the 4 s from step 40 on
            "the first 20 steps, the graph with them": 10,
        }
    )


def test_a_stall_above_five_percent_misses_its_target() -> None:
    figures = figures_of(Run("demo", 100, 10, 2, xla=False), moments_of(LINES, 10))

    holds = {figure.name.rpartition(", ")[2]: figure.holds for figure in figures if figure.target is not None}
    assert holds == {"first pass": False, "later passes": True}
