"""A real, tiny teacher: better than BM25 on simulated judgments, the same from disk, the same in any batch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from commands.main import main
from multigrain.errors import BundleRefused, InvalidLog
from multigrain.types import Item
from tests.small_training import small_logs
from trainer.data.logs import read_logs, write_logs
from trainer.teacher.config import TeacherConfig
from trainer.teacher.flow import train_teacher
from trainer.teacher.judged import Judged, Part, part_of, read_judged
from trainer.teacher.teacher import MANIFEST, WEIGHTS, Teacher, load_teacher

pytestmark = pytest.mark.slow

CONFIG = TeacherConfig(dims=12, word_units=12, pair_units=16, seeds=2, rounds=3, round_steps=25, batch_queries=24)  # type: ignore[call-arg]  # pydantic fills defaults


@dataclass(frozen=True)
class Taught:
    logs: Path
    folder: Path
    teacher: Teacher
    judged: Judged

    def pairs(self, rows: slice) -> tuple[list[str], list[Item]]:
        queries = [self.judged.queries[row] for row in self.judged.query[rows]]
        return queries, [self.judged.items[row] for row in self.judged.item[rows]]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Taught:
    root = tmp_path_factory.mktemp("teacher")
    size = ["--items", "300", "--users", "80", "--days", "4", "--seed", "5", "--judged", "1500"]
    assert main(["synth", *size, "--out", str(root / "logs"), "--json"]) == 0
    teacher = train_teacher(root / "logs", root / "out", CONFIG, reporter=lambda _: None, clock=lambda: 0.0)
    return Taught(root / "logs", root / "out", teacher, read_judged(read_logs(root / "logs")))


def test_it_orders_simulated_judgments_better_than_bm25(taught: Taught) -> None:
    figures = {figure.name: figure for figure in taught.teacher.manifest.figures}
    assert figures["ordering accuracy"].value > figures["ordering accuracy of BM25"].value
    assert figures["AUC"].value > figures["AUC of BM25"].value
    assert figures["ordering accuracy above BM25"].low > 0
    assert taught.teacher.auc == figures["AUC"].value


def test_from_disk_it_says_the_same(taught: Taught) -> None:
    queries, items = taught.pairs(slice(0, 200))
    loaded = load_teacher(taught.folder)
    assert np.array_equal(loaded.probabilities(queries, items), taught.teacher.probabilities(queries, items))
    assert loaded.teacher_id == taught.teacher.teacher_id


def test_what_it_says_of_a_pair_does_not_depend_on_the_others(taught: Taught) -> None:
    queries, items = taught.pairs(slice(0, 120))
    together = taught.teacher.probabilities(queries, items)
    backwards = taught.teacher.probabilities(queries[::-1], items[::-1])[::-1]
    alone = [taught.teacher.probabilities([queries[row]], [items[row]])[0] for row in range(0, 120, 20)]
    np.testing.assert_allclose(backwards, together, rtol=1e-4)
    np.testing.assert_allclose(alone, together[::20], rtol=1e-4)


def test_probabilities_are_about_as_often_right_as_they_say(taught: Taught) -> None:
    held_out = taught.judged.part(Part.HELD_OUT, train=0.6, development=0.2)
    queries = [taught.judged.queries[row] for row in held_out.query]
    said = taught.teacher.probabilities(queries, [taught.judged.items[row] for row in held_out.item])
    assert said.min() >= 0
    assert said.max() <= 1
    assert said.mean() == pytest.approx(held_out.good.mean(), abs=0.12)


def test_no_held_out_query_is_in_another_part(taught: Taught) -> None:
    parts = {
        part: {taught.judged.queries[row] for row in taught.judged.part(part, train=0.6, development=0.2).query}
        for part in Part
    }
    assert sum(map(len, parts.values())) == len(taught.judged.queries)
    for part, queries in parts.items():
        assert queries
        assert {part_of(query, train=0.6, development=0.2) for query in queries} == {part}
    assert taught.teacher.manifest.queries == {part.value: len(queries) for part, queries in parts.items()}


def test_spellings_of_one_query_are_in_one_part() -> None:
    for number in range(50):
        assert part_of(f"Oak SHELF {number} ", train=0.6, development=0.2) is part_of(
            f"oak shelf {number}", train=0.6, development=0.2
        )


def test_queries_without_words_and_no_pairs_at_all_are_answered(taught: Taught) -> None:
    item = taught.judged.items[0]
    assert 0 <= taught.teacher.probabilities(["?!"], [item])[0] <= 1
    assert len(taught.teacher.probabilities([], [])) == 0


def test_changed_or_unfinished_teacher_is_refused(taught: Taught, tmp_path: Path) -> None:
    for name in (WEIGHTS, MANIFEST):
        copy = tmp_path / name
        copy.mkdir()
        for file in taught.folder.iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
        (copy / name).write_bytes((copy / name).read_bytes() + b"x")
        with pytest.raises(BundleRefused, match=name):
            load_teacher(copy)
    with pytest.raises(BundleRefused, match="COMPLETE"):
        load_teacher(tmp_path / "nothing")


def test_logs_without_judgments_are_refused(tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", small_logs())
    with pytest.raises(InvalidLog, match="holds no judgment"):
        train_teacher(tmp_path / "logs", tmp_path / "out", CONFIG, reporter=lambda _: None, clock=lambda: 0.0)
    assert not (tmp_path / "out").exists()
