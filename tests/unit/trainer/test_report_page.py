"""The page of a report: all of it is there, nothing is fetched, and no word of a query or a title becomes HTML."""

import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.unit.trainer.invented_report import (
    LONG_TITLE,
    SLICES,
    bare_report,
    cell,
    comparison,
    difference,
    report,
    stage,
)
from trainer.evaluation.bootstrap import Difference
from trainer.evaluation.page.charts.drawing import tick_words, ticks
from trainer.evaluation.page.markup import Markup, joined, tag
from trainer.evaluation.page.metric_names import change, direction, meaning_of, value
from trainer.evaluation.page.page import write_comparison_page, write_page
from trainer.evaluation.page.room import fit
from trainer.evaluation.report import Cell, Comparison, Look, Report

VOID = {"meta", "wbr"}
HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</style></title></svg></table><b onclick=x>",
    "<!-- --><![CDATA[ ]]>",
    "&lt;i&gt; &amp;amp; &#60;u&#62;",
    "\x00<b\x1f>\u202e\ufffe",
    "' autofocus onfocus='x",
)


Element = tuple[str, tuple[tuple[str, str | None], ...]]


class Seen(HTMLParser):
    """What a parser makes of a page: every element with its attributes, and the words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[str] = []
        self.misplaced: list[str] = []
        self.words = ""
        self.comments: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.misplaced.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def values(self, attribute: str) -> list[str | None]:
        return [value for _, attributes in self.elements for name, value in attributes if name == attribute]

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def page_of(found: Report, folder: Path) -> str:
    write_page(found, folder / "page.html")
    return (folder / "page.html").read_text(encoding="utf-8")


def comparison_page_of(found: Comparison, folder: Path) -> str:
    write_comparison_page(found, folder / "page.html")
    return (folder / "page.html").read_text(encoding="utf-8")


def ending_in(words: str) -> Callable[[str], str]:
    return lambda text: f"{text} {words}"


def shown(text: str) -> str:
    """As a page may show it: a control character has no place in HTML."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]", "\ufffd", text)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Element], list[Element]]:
    """The elements of both pages where every text is harmless."""
    folder, said = tmp_path_factory.mktemp("plain"), ending_in("plain words")
    return Seen(page_of(report(said), folder)).elements, Seen(comparison_page_of(comparison(said), folder)).elements


def test_sections_stand_in_their_order(tmp_path: Path) -> None:
    seen = Seen(page_of(report(), tmp_path))
    sections = [dict(attributes)["id"] for name, attributes in seen.elements if name == "section"]
    assert sections == ["recall-lost", "slices", "gains", "convergence", "worst", "reading"]
    assert seen.count("h1") == 1


@pytest.mark.parametrize("make", [page_of, lambda _, folder: comparison_page_of(comparison(), folder)])
def test_page_is_well_formed_and_fetches_nothing(make: Callable[[Report, Path], str], tmp_path: Path) -> None:
    page = make(report(), tmp_path)
    seen = Seen(page)
    assert seen.open == []
    assert seen.misplaced == []
    assert seen.count("script") == seen.count("link") == seen.count("img") == 0
    assert seen.values("src") == []
    assert all(link is not None and link.startswith("#") for link in seen.values("href"))
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'" in seen.values(
        "content"
    )


def test_equal_reports_make_equal_bytes(tmp_path: Path) -> None:
    assert page_of(report(), tmp_path) == page_of(Report.model_validate_json(report().model_dump_json()), tmp_path)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.permutations(HOSTILE).map("".join))
@example(words="".join(HOSTILE))
def test_no_text_becomes_an_element_or_an_attribute(
    tmp_path: Path, plain: tuple[list[Element], list[Element]], words: str
) -> None:
    pages = page_of(report(ending_in(words)), tmp_path), comparison_page_of(comparison(ending_in(words)), tmp_path)
    for page, elements in zip(pages, plain, strict=True):
        hostile = Seen(page)
        assert hostile.elements == elements
        assert hostile.comments == []
        assert hostile.misplaced == []
        assert shown(ending_in(words)(LONG_TITLE)) in hostile.words


def test_hostile_names_of_stages_metrics_dimensions_and_windows_stay_text(tmp_path: Path) -> None:
    bad = HOSTILE[1]
    rich = report()
    odd = stage(bad, bad, 0.5, said=str)
    odd = odd.model_copy(update={"cells": {**odd.cells, bad: {"all": cell(0.5, 90), f"{bad}: {bad}": cell(0.5, 90)}}})
    found = rich.model_copy(
        update={
            "stages": (*rich.stages, odd),
            "deciding": bad,
            "judge": bad,
            "trial_id": bad,
            "gains": {bad: difference(0.1, 90)},
            "scores": {bad: 0.5},
        }
    )
    seen = Seen(page_of(found, tmp_path))
    assert seen.count("img") == 0
    assert seen.values("onerror") == []
    assert seen.words.count(bad) > 10
    differences = {bad: {"all": difference(0.1, 90), f"{bad}: {bad}": difference(0.1, 90)}}
    both = Comparison(a=found, b=found, differences=differences, changed=())
    assert Seen(comparison_page_of(both, tmp_path)).count("img") == 0


def test_every_score_of_every_slice_is_in_a_table(tmp_path: Path) -> None:
    found = report()
    words = Seen(page_of(found, tmp_path)).words
    for metric, parts in found.stage("answer").cells.items():
        assert [part for part, one in parts.items() if value(metric, one.mean) not in words] == []
    assert [part for part in SLICES if part.partition(": ")[2] not in words] == []


def test_means_over_few_searches_are_marked_and_not_hidden(tmp_path: Path) -> None:
    page = page_of(report(), tmp_path)
    # `kind: gift` has 31 searches, `kind: symptom of a need` 610.
    assert re.search(r"gift</span></th><td class=\"n count\">31</td><td class=\"n tiny\">○ 0\.478", page)
    assert re.search(r"need</span></th><td class=\"n count\">610</td><td class=\"n\">0\.545", page)
    assert "from fewer than 50 searches" in page


def test_what_was_not_measured_is_said_in_one_line(tmp_path: Path) -> None:
    seen = Seen(page_of(bare_report(), tmp_path))
    assert "Not measured here: where recall is lost; metrics by slice; what the history adds; convergence; worst" in (
        seen.words
    )
    assert "No gate was asked." in seen.words
    assert seen.count("svg") == 0


def test_scores_without_stages_are_a_table(tmp_path: Path) -> None:
    assert '<td class="n">0.250</td>' in page_of(bare_report(), tmp_path)


def test_verdict_is_told_with_every_refusal(tmp_path: Path) -> None:
    words = Seen(page_of(report(), tmp_path)).words
    assert "Refused. 2 of the gate's 12 rules are not met; compared with the live generation gen_0041." in words
    assert "freshness_lag_ms is 1,834, at most 1,500 is allowed" in words


def test_waterfall_tells_what_each_stage_wins_or_loses(tmp_path: Path) -> None:
    words = Seen(page_of(report(), tmp_path)).words
    # Recall@100 is 0.84 of each stage's level: fused 0.786, the vector channel 0.721, the answer 0.769.
    assert f"▲ +{0.84 * (0.786 - 0.721):.3f}" in words
    assert f"▼ −{0.84 * (0.786 - 0.769):.3f}" in words


def test_every_chart_has_a_title_and_a_description(tmp_path: Path) -> None:
    names = [name for name, _ in Seen(page_of(report(), tmp_path)).elements]
    places = [at for at, name in enumerate(names) if name == "svg"]
    # Waterfall, curves, nine dimensions, gains, loss and recall.
    assert len(places) == 14
    assert {tuple(names[at + 1 : at + 3]) for at in places} == {("title", "desc")}


def test_every_metric_of_the_report_is_explained(tmp_path: Path) -> None:
    metrics = {metric for stage in report().stages for metric in (*stage.cells, *stage.coverage)}
    assert [metric for metric in metrics if meaning_of(metric) is None] == []
    words = Seen(page_of(report(), tmp_path)).words
    assert "[inferred: the paper gives this column's name and values, not its formula]" in words


def test_a_window_without_searches_is_shown_as_nothing(tmp_path: Path) -> None:
    nothing = Difference(math.nan, math.nan, math.nan, 0)
    found = report().model_copy(update={"gains": {"history": difference(0.1, 90), "long": nothing}})
    words = Seen(page_of(found, tmp_path)).words
    assert "no such search" in words
    only = page_of(report().model_copy(update={"gains": {"long": nothing}}), tmp_path)
    assert "nan" not in re.sub(r"<style>.*?</style>", "", words + only, flags=re.S).lower()


def test_what_is_no_number_is_not_drawn(tmp_path: Path) -> None:
    found, nothing = report(), Cell(mean=math.nan, low=math.nan, high=math.nan, queries=0)
    answer = found.stage("answer")
    cells = {metric: dict.fromkeys(parts, nothing) for metric, parts in answer.cells.items()}
    diverged = (Look(step=0, loss=6.0), Look(step=10, loss=math.nan), Look(step=20, loss=math.inf))
    stages = tuple(answer.model_copy(update={"cells": cells}) if one is answer else one for one in found.stages)
    seen = Seen(page_of(found.model_copy(update={"stages": stages, "training": diverged}), tmp_path))
    assert "no number" in seen.words
    drawn = [text or "" for _, attributes in seen.elements for _, text in attributes]
    assert [text for text in (*drawn, *seen.words.split()) if re.search(r"\b(nan|inf)\b", text)] == []


def test_sure_differences_are_marked_in_both_directions(tmp_path: Path) -> None:
    page = comparison_page_of(comparison(), tmp_path)
    words = Seen(page).words
    assert "B is surely better in recall@100 (+0.015), recall@10 (+0.015)" in words
    assert "freshness_lag_ms (−212 ms). Not sure either way: survivors@100." in words
    # New items: 0.015 - 0.31 / 4 = -0.0625 over 190 searches.
    assert re.search(r"new</span></th><td class=\"n count\">190</td><td class=\"n worse\">−0\.06\d ▼", page)
    assert re.search(r"head</span></th><td class=\"n count\">1,480</td><td class=\"n better\">\+0\.03\d ▲", page)


def test_different_trials_are_not_compared_silently(tmp_path: Path) -> None:
    fair = comparison()
    unfair = fair.model_copy(update={"b": fair.b.model_copy(update={"trial_id": "t-other"})})
    assert "not a fair comparison" not in comparison_page_of(fair, tmp_path)
    assert "not a fair comparison" in comparison_page_of(unfair, tmp_path)


def test_a_comparison_of_nothing_is_a_page(tmp_path: Path) -> None:
    empty = Comparison(a=bare_report(), b=bare_report(), differences={}, changed=())
    assert "Not measured here: metric by metric; slice by slice" in Seen(comparison_page_of(empty, tmp_path)).words


def test_markup_stays_and_text_is_escaped() -> None:
    assert tag("p", "a < b", Markup("<br>"), title='"x"', id=None) == '<p title="&quot;x&quot;">a &lt; b<br></p>'
    # Joined by other means it is text again, and cannot be taken for HTML.
    assert joined([tag("b", "x") + tag("b", "y")]) == "&lt;b&gt;x&lt;/b&gt;&lt;b&gt;y&lt;/b&gt;"


def test_numbers_are_written_in_the_unit_of_their_metric() -> None:
    assert [value("recall@10", 0.41249), value("survivors@100", 87.26), value("freshness_lag_ms", 1834.4)] == [
        "0.412",
        "87.3",
        "1,834 ms",
    ]
    assert [change("mrr", 0.0004), change("mrr", -0.0006), change("mrr", 0.02)] == ["0.000", "−0.001", "+0.020"]
    assert value("recall@10", math.nan) == change("recall@10", math.nan) == "–"


def test_less_time_behind_is_better() -> None:
    assert direction("freshness_lag_ms", Difference(-9.0, -10.0, -8.0, 80)) == ("better", " ▼")
    assert direction("recall@10", Difference(-0.2, -0.3, -0.1, 80)) == ("worse", " ▼")
    assert direction("recall@10", Difference(0.1, -0.1, 0.3, 80)) == ("", "")


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(2, 6))
def test_ticks_are_even_hold_everything_and_read_differently(low: float, span: float, count: int) -> None:
    marks = ticks(low, low + span, count)
    slack = 1e-6 * max(abs(low), span, 1.0)
    assert marks[0] <= low + slack
    assert marks[-1] >= low + span - slack
    assert 2 <= len(marks) <= count + 3
    steps = [after - before for before, after in pairwise(marks)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-3)
    if span > 1e-3:
        assert len(set(tick_words(marks))) == len(marks)


@given(st.text(max_size=30), st.integers(2, 20))
def test_cut_words_fit_their_room(text: str, columns: int) -> None:
    cut = fit(text, columns)
    assert sum(2 if sign in "中文手提包" else 1 for sign in cut) <= max(columns, len(cut))
    assert len(cut) <= columns
    assert cut == text or cut.endswith("…")


def test_chinese_words_take_two_columns_each() -> None:
    assert fit("手提包帆布", 10) == "手提包帆布"
    assert fit("手提包帆布", 9) == "手提包帆…"
