"""What a terminal says of a report: short, 80 columns wide, and the numbers are those of the report."""

import pytest
from rich.cells import cell_len

from commands.evaluation_tables import show_comparison, show_report
from commands.output import Output
from tests.unit.trainer.invented_report import bare_report, comparison, report
from trainer.evaluation.report import Comparison, Verdict


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_stages_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    show_report(report(), Output(as_json=False))
    rows = {cells(line)[0]: cells(line)[1:] for line in lines(capsys) if line.startswith("│")}
    # recall@10, recall@100, ndcg@10, mrr, good@100, f_good@100, survivors@100
    assert rows["answer"] == ["0.315", "0.646", "0.292", "0.254", "0.546", "0.638", "88.4"]
    assert rows["popularity"] == ["0.045", "0.092", "0.042", "0.036", "–", "–", "–"]


def test_tables_are_80_columns_wide(capsys: pytest.CaptureFixture[str]) -> None:
    wide = ", and as long as somebody liked 中文和英文混合查询" * 3
    output = Output(as_json=False)
    show_report(report(lambda text: text + wide), output)
    show_comparison(comparison(lambda text: text + wide), output)
    tables = [line for line in lines(capsys) if line[:1] in "│┃┏┡└"]
    assert len(tables) > 40
    assert max(map(cell_len, tables)) <= 80


def test_slices_furthest_behind_come_first_and_tiny_ones_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    show_report(report(), Output(as_json=False))
    rows = [cells(line)[0] for line in lines(capsys) if line.startswith("│") and ": " in line]
    assert rows == [
        "item: new",
        "frequency: tail",
        "kind: symptom of a need",
        "spelling: mistyped",
        "user: new",
        "length: 4 or more",
    ]


def test_refusals_are_said_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    show_report(report(), Output(as_json=False))
    said = capsys.readouterr().out
    assert "REFUSED: 2 of 12 rules of the gate are not met (against gen_0041)." in said
    assert "freshness_lag_ms is 1,834, at most 1,500 is allowed" in said


def test_a_gate_that_let_it_through_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    passed = Verdict(passed=True, against=None, rules=7)
    show_report(bare_report().model_copy(update={"verdict": passed}), Output(as_json=False))
    assert "Passed: all 7 rules of the gate are met (nothing was live)." in capsys.readouterr().out


def test_a_report_without_stages_says_its_scores(capsys: pytest.CaptureFixture[str]) -> None:
    show_report(bare_report(), Output(as_json=False))
    assert ["recall@10", "0.250"] in [cells(line) for line in lines(capsys)]


def test_comparison_says_what_is_sure(capsys: pytest.CaptureFixture[str]) -> None:
    show_comparison(comparison(), Output(as_json=False))
    rows = {cells(line)[0]: cells(line)[1:] for line in lines(capsys) if line.startswith("│")}
    assert rows["recall@100"] == ["0.627", "0.646", "+0.015 ▲", "+0.003 … +0.027"]
    assert rows["survivors@100"][2] == "−0.1"
    assert rows["item: new"][0].endswith("▼")
    assert next(name for name in rows if ": " in name) == "item: new"


def test_an_unfair_comparison_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    other = bare_report().model_copy(update={"trial_id": "t-2"})
    empty = Comparison(a=bare_report(), b=other, differences={}, changed=())
    show_comparison(empty, Output(as_json=False))
    assert "not a fair comparison" in capsys.readouterr().out


def test_nothing_is_said_beside_the_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    show_report(report(), Output(as_json=True))
    show_comparison(comparison(), Output(as_json=True))
    assert capsys.readouterr().out == ""
