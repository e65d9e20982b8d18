"""Whoever rolls may be killed anywhere: every row stays in staging or in one file, and in the end it is in one file."""

import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain import database
from multigrain.errors import StoreUnavailable
from multigrain.events import BehaviorEvent
from streaming.archive import durable, parts, staging
from streaming.archive import roll as rolling
from streaming.archive.durable import DEAD_AFTER_MS
from streaming.archive.layout import TABLES
from streaming.archive.parts import parts_of
from streaming.archive.roll import RollLimits, roll_all
from tests.builders import a_click, a_search
from tests.unit.streaming.archived import (
    ONE_ROLL,
    SMALL_ROLLS,
    ArchivingStream,
    an_archiving_stream,
    expected,
    histories,
)
from tests.unit.streaming.at_line import at_line

WITH_EFFECTS = {part.__file__ for part in (rolling, staging, parts, durable)}


class KilledError(BaseException):
    """The process ends here."""


def die() -> None:
    raise KilledError


def roll_killed_at(shop: ArchivingStream, step: int, limits: RollLimits) -> int:
    """How many lines ran: fewer than `step` if it lived."""
    with suppress(KilledError), at_line(step, die, files=WITH_EFFECTS) as lines:
        roll_to_the_end(shop, limits)
    return lines[0]


def roll_to_the_end(shop: ArchivingStream, limits: RollLimits = ONE_ROLL) -> None:
    for _ in roll_all(shop.staging, shop.folder, limits, shop.now_ms):
        pass


def test_killed_at_any_line_every_row_is_somewhere_once_and_then_in_a_file_once(tmp_path: Path) -> None:
    events = [a_search("red dress", exposed=("sku-1", "sku-2")), a_click("sku-1"), a_click("sku-2", minutes_ago=3)]
    shop = an_archiving_stream(tmp_path)
    for step in count(1):
        shop.empty()
        shop.folder = tmp_path / f"archive-{step}"
        shop.keep(*events[:2])
        shop.keep(events[2])

        if roll_killed_at(shop, step, ONE_ROLL) < step:
            break
        assert shop.filed() + shop.waiting() == expected(events), f"killed at line {step}"

        roll_to_the_end(shop)
        assert shop.filed() == expected(events), f"killed at line {step}"
        assert shop.staging.waiting().batches == 0
    # It was killed at each line of a roll, and then it lived.
    assert step > 60
    assert shop.filed() == expected(events)


@given(
    history=histories(),
    cuts=st.lists(st.integers(1, 6), min_size=1, max_size=8),
    kills=st.lists(st.integers(1, 150), min_size=1, max_size=8),
    limits=st.sampled_from([ONE_ROLL, SMALL_ROLLS, RollLimits(size_bytes=1500, age_ms=1)]),
)
@settings(max_examples=15, deadline=None)
def test_killed_again_and_again_while_the_stream_goes_on_loses_and_doubles_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    history: list[BehaviorEvent],
    cuts: list[int],
    kills: list[int],
    limits: RollLimits,
) -> None:
    shop = an_archiving_stream(tmp_path_factory.mktemp("shop"))
    history = list({event.event_id: event for event in history}.values())
    kept = 0
    for cut, kill in zip(cuts, kills, strict=False):
        shop.keep(*history[kept : kept + cut])
        kept += cut
        roll_killed_at(shop, kill, limits)
        assert shop.filed() + shop.waiting() == expected(history[:kept])
    shop.keep(*history[kept:])
    roll_to_the_end(shop, limits)
    assert shop.filed() == expected(history)
    shop.engine.dispose()


def test_another_may_finish_the_same_roll_at_any_line_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    events = [a_search("red dress", exposed=("sku-1", "sku-2")), a_click("sku-1"), a_click("sku-2", minutes_ago=3)]
    shop = an_archiving_stream(tmp_path)
    other = ArchivingStream(database.open_database(str(shop.engine.url)), shop.folder)

    def another_rolls() -> None:
        # While we write to SQLite, it must wait: then it is as if it had come later.
        with suppress(StoreUnavailable):
            roll_to_the_end(other)

    for step in count(1):
        shop.empty()
        shop.folder = other.folder = tmp_path / f"archive-{step}"
        shop.keep(*events)
        with at_line(step, another_rolls, files=WITH_EFFECTS) as lines:
            roll_to_the_end(shop)
        assert shop.filed() == expected(events), f"at line {step}"
        if lines[0] < step:
            break
    assert step > 30


KILLED_FOR_GOOD = """
import os, sys
from pathlib import Path
from multigrain import database
from streaming.archive.layout import TABLES
from streaming.archive.parts import parts_of
from streaming.archive.roll import RollLimits, roll_all
from streaming.archive.staging import Staging

url, folder, function, times, now_ms = sys.argv[1:]
left = int(times)

def trace(frame, event, _):
    global left
    if event == "call" and frame.f_code.co_name == function and "archive" in frame.f_code.co_filename:
        left -= 1
        if not left:
            os._exit(9)

staging = Staging(database.open_database(url))
sys.settrace(trace)
list(roll_all(staging, Path(folder), RollLimits(size_bytes=1, age_ms=1), int(now_ms)))
"""


@pytest.mark.parametrize(
    ("function", "times", "files"),
    [("_force", 1, 0), ("_force", 3, 1), ("forget", 1, 2)],
    ids=["in a draft", "between two files", "before the end"],
)
def test_a_process_that_ends_without_a_word_leaves_what_the_next_one_finishes(
    tmp_path: Path, function: str, times: int, files: int
) -> None:
    shop = an_archiving_stream(tmp_path)
    events = [a_search("red dress"), a_click("sku-1"), a_click("sku-2")]
    shop.keep(*events[:2])
    shop.keep(events[2])
    program = [sys.executable, "-c", KILLED_FOR_GOOD, f"sqlite:///{tmp_path / 'shop.db'}", str(shop.folder)]

    ended = subprocess.run([*program, function, str(times), str(shop.now_ms)], check=False)

    assert ended.returncode == 9
    assert sum(len(parts_of(shop.folder, table)) for table in TABLES) == files
    assert shop.filed() + shop.waiting() == expected(events)
    roll_to_the_end(shop)
    assert shop.filed() == expected(events)
    _a_later_roll_leaves_no_drafts(shop)


def _a_later_roll_leaves_no_drafts(shop: ArchivingStream) -> None:
    newest = max(path.stat().st_mtime for path in shop.folder.rglob("*"))
    shop.now_ms = int(newest * 1000) + DEAD_AFTER_MS + 1
    shop.keep(a_click("sku-9"))
    roll_to_the_end(shop)
    assert shop.hidden() == []
