"""A folder is finished or not there."""

from pathlib import Path

import pytest

from multigrain.finished import MARK, mark_of, write_mark, written_beside


def write(folder: Path, text: str) -> None:
    with written_beside(folder) as draft:
        (draft / "content").write_text(text)
        write_mark(draft, f"made of {text}")


def break_off(folder: Path) -> None:
    with written_beside(folder) as draft:
        (draft / "leftover").write_text("half")
        raise ZeroDivisionError


def test_a_finished_folder_has_its_content_and_its_mark(tmp_path: Path) -> None:
    write(tmp_path / "step", "a")
    assert ((tmp_path / "step" / "content").read_text(), mark_of(tmp_path / "step")) == ("a", "made of a")
    assert [path.name for path in tmp_path.iterdir()] == ["step"], "nothing is left beside it"


def test_a_step_that_breaks_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "step", "a")
    with pytest.raises(ZeroDivisionError):
        break_off(tmp_path / "step")
    assert ((tmp_path / "step" / "content").read_text(), mark_of(tmp_path / "step")) == ("a", "made of a")


def test_leftovers_of_a_killed_run_are_not_taken_over(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        break_off(tmp_path / "step")
    assert mark_of(tmp_path / "step") is None
    write(tmp_path / "step", "b")
    assert sorted(path.name for path in (tmp_path / "step").iterdir()) == sorted(["content", MARK])


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write(tmp_path / "step", "a")
    (tmp_path / "step" / "extra").write_text("of the old one")
    write(tmp_path / "step", "b")
    assert sorted(path.name for path in (tmp_path / "step").iterdir()) == sorted(["content", MARK])
    assert mark_of(tmp_path / "step") == "made of b"


def test_a_block_that_forgets_the_mark_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="left without its mark"), written_beside(tmp_path / "step"):
        pass
    assert not (tmp_path / "step").exists()
