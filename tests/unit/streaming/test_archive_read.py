"""A reader of the archive may meet a roll at any of its lines, and reads a whole: each event with its search."""

from dataclasses import replace
from itertools import count
from pathlib import Path

from multigrain.catalog.catalog import SqlCatalogue
from streaming.archive.catalogue import snapshot_catalogue
from streaming.archive.roll import roll_all
from tests.builders import a_click, a_search
from tests.unit.streaming.archived import ONE_ROLL, ArchivingStream, an_archiving_stream
from tests.unit.streaming.at_line import at_line
from trainer.data import log_parts, logs

READING = {logs.__file__, log_parts.__file__}


def test_a_roll_at_any_line_of_a_reader_shows_it_no_event_without_its_search(tmp_path: Path) -> None:
    shop = an_archiving_stream(tmp_path)
    for step in count(1):
        shop.empty()
        shop.folder = tmp_path / f"archive-{step}"
        _search_click_and_roll(shop, "user-1")
        snapshot_catalogue(SqlCatalogue(shop.engine), shop.folder, shop.now_ms)
        with at_line(step, lambda: _search_click_and_roll(shop, "user-2"), files=READING) as lines:
            read = logs.read_logs(shop.folder)
        assert len(read.events) <= len(read.searches) <= 2
        if lines[0] < step:
            break
    assert step > 30


def _search_click_and_roll(shop: ArchivingStream, user_id: str) -> None:
    search = a_search("red dress", user_id=user_id)
    shop.keep(search, replace(a_click(user_id=user_id), search_id=search.search_id))
    for _ in roll_all(shop.staging, shop.folder, ONE_ROLL, shop.now_ms):
        pass
