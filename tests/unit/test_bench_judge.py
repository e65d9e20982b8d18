import pytest

from benchmarks.bench import Size
from benchmarks.judge import BENCH
from multigrain.settings import Settings

BUSY = 10
"""Times as long as on a machine of our own."""


@pytest.mark.slow
def test_ten_thousand_candidates_are_judged_in_about_a_millisecond() -> None:
    figures = BENCH.run(Settings(), Size.SMALL, lambda note: None)

    judged = [figure for figure in figures if figure.target is not None]
    assert [figure.name.rsplit(", ", 2)[1] for figure in judged] == ["nine of ten pass", "one of ten passes"]
    for figure in judged:
        assert 0 < figure.value < BUSY * (figure.target or 0), figure
    counted = {figure.name for figure in figures if figure.name.startswith("count of")}
    assert "count of 100,000 items that meet nothing" in counted
