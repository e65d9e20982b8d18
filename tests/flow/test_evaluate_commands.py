"""`evaluate`, `compare`, the gate and its override on the command line: a real bundle, real stores, real pages."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from commands.main import main
from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.events import ItemUpserted
from multigrain.settings import Settings
from multigrain.settings_in_force import load_settings
from tests.builders import NOON_MS
from tests.integration.programs import run
from tests.small_training import small_config, small_logs
from trainer.data.logs import items_of, write_logs
from trainer.evaluation.report import Comparison, load_report
from trainer.flow import make_candidate
from trainer.progress import silent

pytestmark = pytest.mark.slow

Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("evaluate-commands")
    write_logs(root / "logs", small_logs())
    make_candidate(
        root / "logs",
        root / "first",
        small_config(),
        reporter=silent,
        clock=time.monotonic,
        clock_ms=lambda: NOON_MS,
    )
    return root


def asked(folder: Path, *more: str) -> list[str]:
    return ["--logs", str(folder / "logs"), "--examples", str(folder / "first" / "examples"), *more]


def test_a_work_folder_is_evaluated_with_page_json_and_tables(folder: Path, tmp_path: Path, capsys: Said) -> None:
    assert main(["evaluate", str(folder / "first"), *asked(folder, "--out", str(tmp_path / "out"))]) == 0
    said = capsys.readouterr().out
    assert "exact" in said
    assert "popularity" in said
    assert "No gate was asked" in said
    report = load_report(tmp_path / "out")
    assert report.training, "a work folder knows how its training went"
    page = (tmp_path / "out" / "report.html").read_text()
    assert report.bundle_id in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", ""), "it opens offline"

    assert main(["evaluate", str(folder / "first"), "--json", *asked(folder, "--queries", "9")]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["queries"] == 9
    figures = {figure["name"]: figure["value"] for figure in printed["figures"]}
    assert figures["recall@100"] == printed["scores"]["recall@100"]


def test_within_their_categories_searches_find_more(folder: Path, capsys: Said) -> None:
    figures = []
    for option in ([], ["--within-category"]):
        assert main(["evaluate", str(folder / "first"), "--json", *asked(folder, *option)]) == 0
        figures.append(json.loads(capsys.readouterr().out)["scores"]["mrr"])
    assert figures[0] < figures[1]


def test_two_bundles_are_compared_on_the_same_searches(folder: Path, tmp_path: Path, capsys: Said) -> None:
    first = str(folder / "first")
    assert main(["compare", first, first, *asked(folder, "--out", str(tmp_path), "--json")]) == 0
    printed = Comparison.model_validate(json.loads(capsys.readouterr().out))
    assert printed.differences["recall@100"]["all"].mean == 0
    assert printed == Comparison.model_validate_json((tmp_path / "comparison.json").read_bytes())
    assert (tmp_path / "comparison.html").is_file()


@pytest.mark.parametrize("option", [("--queries", "9"), ("--each-click",), ("--within-category",)])
def test_the_gate_is_not_asked_an_easier_question(folder: Path, capsys: Said, option: tuple[str, ...]) -> None:
    assert main(["evaluate", str(folder / "first"), "--gate", *asked(folder, *option)]) == 2
    assert f"{option[0]}: makes another question of it than the gate's" in capsys.readouterr().err


def test_the_gate_is_not_asked_of_a_server_and_none_is_asked_nothing(folder: Path, capsys: Said) -> None:
    assert main(["evaluate", "127.0.0.1:1", "--gate", *asked(folder)]) == 2
    assert "127.0.0.1:1 is a server: name the generation itself" in capsys.readouterr().err
    assert main(["evaluate", str(folder / "first"), *asked(folder, "--queries", "0")]) == 2
    assert "--queries: is 0" in capsys.readouterr().err


def test_a_gate_without_a_live_generation_judges_by_the_floors(
    folder: Path, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MULTIGRAIN_DATA_DIR", str(tmp_path))
    assert main(["db", "upgrade"]) == 0
    evaluate = ["evaluate", str(folder / "first"), "--gate", *asked(folder)]
    assert main(evaluate) == 0
    monkeypatch.setenv("MULTIGRAIN_GATE_AT_LEAST", '{"mrr of user: new": 1.0}')
    assert main(evaluate) == 1
    assert "mrr of user: new" in capsys.readouterr().out


def test_a_refused_generation_goes_live_only_once_the_gate_or_a_person_lets_it(
    folder: Path, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MULTIGRAIN_DATA_DIR", str(tmp_path))
    stock(load_settings({"MULTIGRAIN_DATA_DIR": str(tmp_path)}))
    kind = {"MULTIGRAIN_DATA_DIR": str(tmp_path)}
    strict = {**kind, "MULTIGRAIN_GATE_AT_LEAST": '{"recall@100": 1.0}'}
    # As programs of their own: the embedded index has one owner at a time.
    publish = ["publish", str(folder / "first"), "--json"]
    first = json.loads(run([*publish, "--promote"], kind, tmp_path))["generation_id"]

    with pytest.raises(AssertionError, match=r"the gate refuses .*: recall@100 of all is 0\.\d+ .*, 1 is its floor"):
        run(publish, strict, tmp_path)
    second = json.loads(run([*publish, "--override", "to be looked at"], strict, tmp_path))["generation_id"]
    rows = generations(capsys)
    assert rows.keys() == {first, second}, "what was refused was not built"
    assert (rows[first]["state"], rows[first]["gate"]["passed"], rows[first]["override"]) == ("live", True, "")
    assert (rows[second]["state"], rows[second]["override"]) == ("ready", "to be looked at")
    assert rows[second]["gate"]["against"] == first
    assert not rows[second]["gate"]["passed"]

    report = json.loads(run(["evaluate", second, "--gate", "--json", *asked(folder)], kind, tmp_path))
    assert (report["deciding"], report["verdict"]["against"], report["verdict"]["passed"]) == ("index", first, True)
    assert [stage["name"] for stage in report["stages"]] == ["popularity", "history withheld", "exact", "index"]
    assert main(["generations", "promote", second, "--note", "no worse"]) == 0
    capsys.readouterr()
    assert generations(capsys)[second]["gate"]["passed"]


def generations(capsys: Said) -> dict[str, dict[str, Any]]:  # Any: JSON
    assert main(["generations", "list", "--json"]) == 0
    return {row["generation_id"]: row for row in json.loads(capsys.readouterr().out)["generations"]}


def stock(settings: Settings) -> None:
    """The shop's items, in its catalogue."""
    engine = database.open_database(settings.database_url)
    database.upgrade(engine)
    items = items_of(small_logs())
    SqlCatalogue(engine).apply([ItemUpserted(event_id=item.item_id, at_ms=NOON_MS, item=item) for item in items])
    engine.dispose()
