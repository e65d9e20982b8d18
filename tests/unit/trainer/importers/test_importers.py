"""What holds for every importer, and for the command that runs them."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from commands.import_ import JUDGED_AS, LOCALES, OPTIONS, SETS
from commands.main import EXIT_THEIRS, main
from multigrain.errors import InvalidLog
from tests.unit.trainer.importers.source_files import WRITERS, write_bestbuy
from trainer.data.importers import importer as shape
from trainer.data.importers.importer import Importer, Source
from trainer.data.importers.importers import IMPORTERS
from trainer.data.logs import read_logs, write_logs

DOCS = Path(__file__).parents[4] / "docs/data.md"
each = pytest.mark.parametrize("importer", IMPORTERS, ids=lambda importer: importer.name)


def test_the_command_knows_the_list() -> None:
    assert tuple((importer.name, importer.summary) for importer in IMPORTERS) == SETS
    assert set(OPTIONS) == {option for importer in IMPORTERS for option in importer.options}
    assert (LOCALES, JUDGED_AS) == (shape.LOCALES, shape.JUDGED_AS)


@each
def test_it_has_a_line_in_the_help_and_a_section_in_the_docs(
    importer: Importer, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["import", "--help"])
    assert f"\n  {importer.name:15}{importer.summary}\n" in capsys.readouterr().out
    assert f"\n### {importer.name}\n" in DOCS.read_text(encoding="utf-8")


@each
def test_what_it_writes_is_read_again(importer: Importer, tmp_path: Path) -> None:
    WRITERS[importer.name](tmp_path / "set")
    logs = importer.run(Source(folder=tmp_path / "set")).logs
    write_logs(tmp_path / "logs", logs)
    read = read_logs(tmp_path / "logs")
    assert (len(read.catalog), len(read.searches), len(read.events)) == (
        len(logs.catalog),
        len(logs.searches),
        len(logs.events),
    )
    assert len(read.catalog) > 0


@each
def test_the_same_files_give_the_same_bytes(importer: Importer, tmp_path: Path) -> None:
    WRITERS[importer.name](tmp_path / "set")
    for name in ("once", "again"):
        write_logs(tmp_path / name, importer.run(Source(folder=tmp_path / "set")).logs)
    files = sorted((tmp_path / "once").iterdir())
    assert [file.read_bytes() for file in files] == [(tmp_path / "again" / file.name).read_bytes() for file in files]


@each
def test_a_folder_without_its_files_is_refused_by_name(importer: Importer, tmp_path: Path) -> None:
    for file in importer.reads:
        WRITERS[importer.name](tmp_path / file)
        (tmp_path / file / file).unlink()
        with pytest.raises(InvalidLog) as refused:
            importer.run(Source(folder=tmp_path / file))
        assert refused.value.field == file
        assert refused.value.cure == "name the folder that holds the set's files"


@each
def test_a_file_without_its_columns_is_refused_by_file_and_column(importer: Importer, tmp_path: Path) -> None:
    for file in (file for file in importer.reads if file.endswith(".parquet")):
        WRITERS[importer.name](tmp_path / file)
        table = pq.read_table(tmp_path / file / file)
        pq.write_table(table.rename_columns([f"no_{name}" for name in table.column_names]), tmp_path / file / file)
        with pytest.raises(InvalidLog, match=rf"{file} column \w+: is missing"):
            importer.run(Source(folder=tmp_path / file))


def test_json_counts_what_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_bestbuy(tmp_path / "set")
    argv = ["import", "bestbuy", "--from", str(tmp_path / "set"), "--out", str(tmp_path / "logs"), "--json"]
    assert main(argv) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["items"], told["searches"], told["users"], told["active_users"]) == (2, 3, 2, 2)
    assert told["events"] == {"click": 3, "collect": 0, "cart": 0, "order": 0}
    assert told["remarks"]["clicks before their search, moved to it"] == 1


def test_an_option_without_effect_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["import", "wands", "--from", str(tmp_path), "--out", str(tmp_path / "logs"), "--locale", "es"]
    assert main(argv) == EXIT_THEIRS
    assert "--locale: wands has no use for it: leave it out" in capsys.readouterr().err


def test_the_files_of_the_set_are_not_overwritten(tmp_path: Path) -> None:
    WRITERS["home-depot"](tmp_path)
    before = (tmp_path / "judgments.parquet").read_bytes()
    assert main(["import", "home-depot", "--from", str(tmp_path), "--out", str(tmp_path)]) == EXIT_THEIRS
    assert (tmp_path / "judgments.parquet").read_bytes() == before
