"""What a cut-off is fitted on, and the step that makes it a part of the bundle."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from multigrain import cut_off
from multigrain.errors import Refused
from tests.small_training import small_config
from tests.unit.trainer.conftest import SmallRun
from trainer.configs.config import CutOffConfig, TrainingConfig
from trainer.cut_off.flow import REPORT
from trainer.cut_off.sampling import Sample, can_be_drawn, sample
from trainer.data.example import Example
from trainer.data.example_rows import read_examples
from trainer.data.examples import read_manifest
from trainer.data.logs import JUDGMENTS_SCHEMA, Logs, items_of
from trainer.data.title_spans import NOBODY
from trainer.evaluation.before import folded
from trainer.pretraining.config import for_pretraining
from trainer.progress import Progress, silent
from trainer.steps import BUNDLE, EXAMPLES, NEIGHBORS, TOWERS, Steps, made_from_logs
from trainer.training.towers import load_towers

FITTED = small_config(cut_off={"searches": 500, "keep": 0.5, "negatives": 10})


def cut_off_config(**changes: float) -> CutOffConfig:
    return CutOffConfig.model_validate({"searches": 500, "negatives": 10, **changes})


def steps_of(work: Path, config: TrainingConfig, reports: list[Progress]) -> Steps:
    return Steps(work, config, "logs", reporter=reports.append, clock=lambda: 0.0)


def searches_of(run: SmallRun) -> list[Example]:
    return list(read_examples(run.work / EXAMPLES, "train"))


def drawn(run: SmallRun, logs: Logs, searches: list[Example], config: CutOffConfig) -> Sample:
    rows = {item.item_id: row for row, item in enumerate(items_of(logs))}
    before_ms = read_manifest(run.work / EXAMPLES).test_from_ms
    return sample(logs, searches, rows, config, before_ms=before_ms)


def test_clicked_items_are_wanted_and_nobody_clicked_the_others_for_that_query(small_run: SmallRun) -> None:
    searches, ids = searches_of(small_run), [item.item_id for item in items_of(small_run.logs)]
    found = drawn(small_run, small_run.logs, searches, cut_off_config())

    clicked_for: dict[str, set[str]] = {}
    for example in searches:
        clicked_for.setdefault(folded(example.query), set()).update(example.clicked)
    pairs = [
        (searches[search], ids[row], good)
        for search, row, good in zip(found.search.tolist(), found.row.tolist(), found.good.tolist(), strict=True)
    ]
    assert {(one.search_id, item) for one, item, good in pairs if good} == {
        (one.search_id, item) for one in searches for item in one.clicked
    }
    assert [item for one, item, good in pairs if not good and item in clicked_for[folded(one.query)]] == []
    assert 8 * len(searches) < int((~found.good).sum()) <= 10 * len(searches)


def test_one_seed_draws_the_same_items(small_run: SmallRun) -> None:
    searches = searches_of(small_run)
    first, again, other = (
        drawn(small_run, small_run.logs, searches, cut_off_config(seed=seed)).row.tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_where_people_judged_their_word_is_taken_from_the_grade_on(small_run: SmallRun) -> None:
    searches = searches_of(small_run)
    ids = [item.item_id for item in items_of(small_run.logs)]
    told = [
        {"query": searches[0].query, "item_id": item, "grade": grade}
        for item, grade in zip(ids, (1.9, 2.0), strict=False)
    ]
    logs = replace(small_run.logs, judgments=pa.Table.from_pylist(told, schema=JUDGMENTS_SCHEMA))

    usable = [one for one in searches if can_be_drawn(logs)(one)]
    assert {one.query for one in usable} == {searches[0].query}
    found = drawn(small_run, logs, usable[:1], cut_off_config())
    assert sorted(zip(found.row.tolist(), found.good.tolist(), strict=True)) == [(0, False), (1, True)]


def test_a_piece_of_a_title_is_no_search(small_run: SmallRun) -> None:
    search = searches_of(small_run)[0]
    assert can_be_drawn(small_run.logs)(search)
    assert not can_be_drawn(small_run.logs)(replace(search, user_id=NOBODY))


def test_the_step_puts_a_cut_off_into_the_bundle(small_run: SmallRun, tmp_path: Path) -> None:
    reports: list[Progress] = []
    here = steps_of(tmp_path, FITTED, reports)
    examples, towers, neighbors = (small_run.work / name for name in (EXAMPLES, TOWERS, NEIGHBORS))

    terms = here.key_terms(small_run.logs, examples)
    folder = here.cut_off(small_run.logs, examples, towers)
    assert folder is not None
    here.bundle(small_run.logs, examples, towers=towers, neighbors=neighbors, terms=terms, cut=folder, created_ms=0)

    searches = [report.total for report in reports if report.step == "cut_off" and report.total > 1]
    assert searches, "it says how far it is"
    written = (folder / cut_off.FILE).read_bytes()
    assert (tmp_path / "export" / BUNDLE / "relevance" / cut_off.FILE).read_bytes() == written

    report = json.loads((folder / REPORT).read_text())
    assert (
        report["fitted_on"]["searches"] + report["chosen_by"]["searches"] + report["measured_on"]["searches"]
        == (searches[0])
    )
    assert report["least"] == cut_off.load(folder, dims=16).least  # type: ignore[union-attr]  # there is one
    begun = len([report for report in reports if (report.done, report.total) == (0, 1)])
    again = steps_of(tmp_path / "again", FITTED, reports).cut_off(small_run.logs, examples, towers)
    assert again is not None
    assert (again / cut_off.FILE).read_bytes() == written, "the same towers and logs give the same bytes"
    here.cut_off(small_run.logs, examples, towers)
    assert len([report for report in reports if (report.done, report.total) == (0, 1)]) == begun + 1


def test_no_bundle_has_one_that_nobody_asked_for(small_run: SmallRun, tmp_path: Path) -> None:
    here = steps_of(tmp_path, small_config(), [])

    assert here.cut_off(small_run.logs, small_run.work / EXAMPLES, small_run.work / TOWERS) is None
    assert small_run.bundle.cut_off() is None


def test_a_cut_off_trains_no_towers_again(small_run: SmallRun) -> None:
    towers = small_run.work / TOWERS
    before = load_towers(towers).config

    assert before.cut_off.searches == 0
    here = Steps(small_run.work, FITTED, made_from_logs(small_run.logs_folder), reporter=silent, clock=lambda: 0.0)
    folder = here.towers(small_run.logs, small_run.work / EXAMPLES, None)
    assert load_towers(folder).config == before, "trained as they were, without another step"


def test_too_few_searches_are_refused_by_number(small_run: SmallRun, tmp_path: Path) -> None:
    here = steps_of(tmp_path, small_config(cut_off={"searches": 20}), [])

    with pytest.raises(Refused, match=r"needs 100 training searches, 20 found: raise cut_off\.searches"):
        here.cut_off(small_run.logs, small_run.work / EXAMPLES, small_run.work / TOWERS)


def test_a_catalogue_that_nobody_has_searched_gets_none() -> None:
    config = small_config(model={"name": "bag", "dims": 32}, cut_off={"searches": 500})

    assert for_pretraining(config).cut_off.searches == 0
