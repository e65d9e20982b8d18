from pathlib import Path

import pytest

from multigrain.errors import InvalidConfig
from server.understanding.owners_file import OwnersFile

RIGHT = '"nikey" means brand nike\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "shop.rules"
    file.write_text(RIGHT, encoding="utf-8")
    return file


def test_a_changed_file_counts_at_the_next_look(path: Path) -> None:
    file = OwnersFile(path)
    path.write_text(f'{RIGHT}pin "ps5" = brand sony\n', encoding="utf-8")
    file.refresh()
    assert list(file.current().pins) == [("ps5",)]


def test_a_file_that_did_not_change_keeps_its_rules(path: Path) -> None:
    file = OwnersFile(path)
    before = file.current()
    file.refresh()
    assert file.current() is before


def test_a_broken_file_is_told_in_full_and_the_former_rules_stay(path: Path) -> None:
    file = OwnersFile(path)
    before = file.current()
    path.write_text('"x" mean brand y\n\n"z"\n', encoding="utf-8")
    with pytest.raises(InvalidConfig) as told:
        file.refresh()
    assert str(told.value) == (
        f"server.relevance_file: 2 mistakes in {path}: mend\n"
        '  line 1: "mean" says nothing: did you mean means?\n'
        "  line 3: nothing stands behind the quotes: write one of means, must, need not, must not"
    )
    assert file.current() is before


def test_a_file_that_went_away_is_told_and_the_former_rules_stay(path: Path) -> None:
    file = OwnersFile(path)
    before = file.current()
    path.unlink()
    with pytest.raises(InvalidConfig, match=r"cannot read .*shop\.rules: No such file"):
        file.refresh()
    assert file.current() is before


def test_nothing_starts_on_a_broken_file(path: Path) -> None:
    path.write_text("nikey is nike\n", encoding="utf-8")
    with pytest.raises(InvalidConfig, match="line 1: no phrase in quotes"):
        OwnersFile(path)
