"""`multigrain generations` and what `doctor` says of them, on SQLite, without an index store."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.main import main
from multigrain import database
from multigrain.registry.generation import GateVerdict, GenerationState
from multigrain.registry.sql import SqlRegistry
from multigrain.types import GenerationId
from tests.contract.conftest import Clock
from tests.contract.test_registry import a_generation, add, judged

Said = pytest.CaptureFixture[str]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlRegistry]:
    monkeypatch.setenv("MULTIGRAIN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MULTIGRAIN_DATABASE_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    engine = database.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    database.upgrade(engine)
    yield SqlRegistry(engine, clock=Clock())
    engine.dispose()


def said_as_json(capsys: Said) -> dict[str, list[dict[str, str]]]:
    said: dict[str, list[dict[str, str]]] = json.loads(capsys.readouterr().out)
    return said


def test_diff_names_each_fact_that_differs_and_none_that_agrees(registry: SqlRegistry, capsys: Said) -> None:
    add(registry, "g-1", state=GenerationState.LIVE)
    judged(registry, "g-2", GateVerdict(passed=False, against=GenerationId("g-1"), refusals=("recall@100 fell",)))
    registry.keep_index_spec(GenerationId("g-2"), {"kind": "IVF_FLAT", "nlist": 1024, "nprobe": 200})

    assert main(["generations", "diff", "g-1", "g-2", "--json"]) == 0

    found = {row["what"]: (row["first"], row["second"]) for row in said_as_json(capsys)["differences"]}
    assert found["state"] == ("live", "ready")
    assert found["index nprobe"] == ("128", "200")
    assert found["gate"] == ("not asked", "recall@100 fell")
    assert not {"dims", "index kind", "index nlist", "catalogue revision"} & found.keys()


def test_diff_of_one_with_itself_says_so(registry: SqlRegistry, capsys: Said) -> None:
    add(registry, "g-1")

    assert main(["generations", "diff", "g-1", "g-1"]) == 0
    assert "g-1 and g-1 agree in everything" in capsys.readouterr().out


def test_an_action_with_too_few_generations_shows_how_it_is_called(registry: SqlRegistry, capsys: Said) -> None:
    assert main(["generations", "diff", "g-1"]) != 0
    assert "multigrain generations diff GENERATION GENERATION" in capsys.readouterr().err


def test_retire_takes_a_ready_one_out_of_the_way_with_its_reason(registry: SqlRegistry, capsys: Said) -> None:
    add(registry, "g-1")

    assert main(["generations", "retire", "g-1", "--note", "superseded", "--json"]) == 0

    row = said_as_json(capsys)["generations"][0]
    assert (row["state"], row["note"]) == ("retired", "superseded")


def test_a_rollback_keeps_why(registry: SqlRegistry, capsys: Said) -> None:
    for name in ("g-1", "g-2"):
        add(registry, name, state=GenerationState.LIVE)

    assert main(["generations", "rollback", "--note", "brands are mixed up"]) == 0

    live = registry.live()
    assert live is not None
    assert (live.generation_id, live.note) == ("g-1", "brands are mixed up")


def test_a_list_tells_which_retired_one_cannot_come_back(registry: SqlRegistry, capsys: Said) -> None:
    for name in ("g-1", "g-2"):
        add(registry, name, state=GenerationState.LIVE)
    registry.drop_retired(keep=0, rested_ms=0)

    assert main(["generations", "list"]) == 0
    assert "retired, no index" in capsys.readouterr().out


def test_doctor_finds_a_build_that_nobody_finishes(registry: SqlRegistry, capsys: Said) -> None:
    # Its clock stands years ago, so the lease has run out by the clock of the command.
    registry.create(a_generation("g-1"))

    assert main(["doctor", "--json"]) == 1

    findings = {row["what"]: row for row in said_as_json(capsys)["findings"]}
    assert findings["generations"]["detail"] == "nobody builds g-1 any more"
    assert findings["generations"]["cure"] == "multigrain generations tidy"
