"""Examples never see the future: compared with an oracle that does it the slow way, over random logs."""

import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings

from multigrain.features.windows import HOUR_MS, split
from multigrain.text import analyzer
from multigrain.types import Action
from tests.small_training import small_config, small_logs
from tests.unit.trainer.random_logs import (
    ACTIONS_AN_HOUR,
    CONFIG,
    SEARCHES_AN_HOUR,
    START_MS,
    TEST_HOURS,
    Told,
    expected,
    facts,
    history_facts,
    logs,
    robots,
    state_at,
    tell,
    times,
)
from trainer.configs.config import TrainingConfig
from trainer.data.example import Example
from trainer.data.example_rows import read_examples, read_shard, shards_of
from trainer.data.examples import ExamplesManifest, read_manifest, write_examples
from trainer.data.joining.shards import ROWS_A_SHARD, shards_for
from trainer.data.logs import read_logs, write_logs

WINDOWS = CONFIG.windows.to_floor()
DAY = 24 * HOUR_MS
PHASES = (Phase.explicit, Phase.generate)
"""No shrinking: a run costs a second, and shrinking takes hundreds of them."""


def made_from(told: Told, config: TrainingConfig = CONFIG) -> tuple[ExamplesManifest, dict[str, list[Example]]]:
    """The manifest, and the examples of each part."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        write_logs(place / "logs", told.tables())
        read_logs(place / "logs")
        (place / "examples").mkdir()
        manifest = write_examples(place / "logs", place / "examples", config)
        return manifest, {part: list(read_examples(place / "examples", part)) for part in ("train", "test")}


def train_of(told: Told) -> list[Example]:
    """The training part, with a test part behind it that holds one search long after everything."""
    asked = [*told.searches, {**told.searches[0], "search_id": "s-late", "at_ms": told.last_ms + 30 * DAY}]
    return made_from(Told(asked, told.events))[1]["train"]


@pytest.mark.slow
@settings(max_examples=15, deadline=None, phases=PHASES)
@given(logs)
def test_examples_are_what_the_definitions_say_and_hold_nothing_of_the_future(told: Told) -> None:
    manifest, made = made_from(told)
    wanted = expected(told, manifest.test_from_ms, WINDOWS)
    for part in ("train", "test"):
        assert {example.search_id: facts(example) for example in made[part]} == wanted[part]
    assert (manifest.train, manifest.test) == (len(wanted["train"]), len(wanted["test"]))
    for example in (*made["train"], *made["test"]):
        history = example.history
        windows = [history.realtime, history.short, *history.long.values()]
        assert all(at_ms < example.at_ms for rows in windows for at_ms in rows.at_ms.tolist())
        assert set(example.ordered) <= set(example.clicked)
        assert not set(example.clicked) & set(example.unclicked)
        assert example.grains == analyzer.analyze(example.query)
        of_store = split(state_at(told, example.user_id, example.at_ms), example.at_ms, WINDOWS)
        assert history_facts(history) == history_facts(of_store), "training and serving cut history differently"


@pytest.mark.slow
@settings(max_examples=8, deadline=None, phases=PHASES)
@given(logs, times)
def test_training_part_is_the_same_without_what_came_after_it(told: Told, split_ms: int) -> None:
    """Labels, histories and robots: cutting the logs at the split changes nothing before it."""
    split_ms += START_MS
    last = split_ms + TEST_HOURS * HOUR_MS - 1
    marked = told.before(last + 1)
    late = {**told.searches[0], "search_id": "s-late", "at_ms": last}
    manifest, made = made_from(Told([*marked.searches, late], marked.events))
    early = told.before(split_ms)
    _, made_early = made_from(Told([*early.searches, late], early.events))
    assert manifest.test_from_ms == split_ms
    assert [facts(e) for e in made["train"]] == [facts(e) for e in made_early["train"]]


@pytest.mark.slow
@settings(max_examples=8, deadline=None, phases=PHASES)
@given(logs)
def test_of_hours_that_are_left_out_nothing_is_read(told: Told) -> None:
    """The examples are those of logs that end before those hours, and the hours before them are the test part."""
    manifest, made = made_from(told, CONFIG.with_run(leave_out_hours=30.0))
    assert manifest.to_ms == told.last_ms - 30 * HOUR_MS
    assert manifest.test_from_ms == manifest.to_ms + 1 - TEST_HOURS * HOUR_MS
    wanted = expected(told.before(manifest.to_ms + 1), manifest.test_from_ms, WINDOWS)
    for part in ("train", "test"):
        assert {example.search_id: facts(example) for example in made[part]} == wanted[part]


def test_clicks_in_the_hours_left_out_do_not_belong_to_earlier_searches() -> None:
    searches = [("a", 0, "q"), ("b", 30 * HOUR_MS, "q"), ("c", 60 * HOUR_MS, "q")]
    clicks = [
        ("a", 5, "sku-1", Action.CLICK, 1),
        ("b", 31 * HOUR_MS, "sku-2", Action.CLICK, 1),
        ("b", 59 * HOUR_MS, "sku-3", Action.ORDER, 1),
        ("c", 60 * HOUR_MS, "sku-4", Action.CLICK, 1),
    ]
    changes = {"leave_out_hours": 10.0, "test_hours": 24.0}
    manifest, made = made_from(tell(searches, clicks), CONFIG.with_run(**changes))
    assert [example.clicked for example in made["train"]] == [("sku-1",)]
    assert [(example.clicked, example.ordered) for example in made["test"]] == [(("sku-2",), ())]
    assert manifest.leave_out_hours == 10


def test_clicked_ordered_and_unclicked_are_told_apart() -> None:
    actions = [
        ("a", 3 * HOUR_MS, "sku-3", Action.CLICK, 1),
        ("a", 4 * HOUR_MS, "sku-1", Action.CART, 1),
        ("a", 5 * HOUR_MS, "sku-3", Action.ORDER, 1),
    ]
    told = tell([("b", 0, "q"), ("a", 3 * HOUR_MS, "q")], actions)
    (example,) = train_of(told)
    assert told.searches[1]["exposed_item_ids"] == ["sku-1", "sku-2", "sku-3", "sku-4", "sku-5", "sku-0"]
    assert example.clicked == ("sku-3", "sku-1")
    assert example.ordered == ("sku-3",)
    assert example.unclicked == ("sku-2",), "what stands below the last click was perhaps never seen"


def test_where_nothing_was_recorded_as_shown_nothing_was_left_alone() -> None:
    told = tell([("a", 0, "q")], [("a", 5, "sku-2", Action.CLICK, 1)])
    (example,) = train_of(told)
    assert told.searches[0]["exposed_item_ids"] == []
    assert (example.clicked, example.unclicked) == (("sku-2",), ())


def test_a_click_at_the_very_time_of_the_search_is_not_its_history() -> None:
    at_once, later = ("a", 9, "sku-1", Action.CLICK, 0), ("a", 10, "sku-2", Action.CLICK, 1)
    (example,) = train_of(tell([("a", 9, "q")], [at_once, later]))
    assert len(example.history.realtime) == 0


def test_only_what_a_state_still_holds_is_history() -> None:
    """600 carts push an older click out of the state, though no window reads carts."""
    click, later = ("a", 0, "sku-1", Action.CLICK, 0), ("a", 40 * HOUR_MS, "sku-2", Action.CLICK, 1)
    carts = [("a", HOUR_MS // 20 * (i + 1), "sku-3", Action.CART, 0) for i in range(600)]
    told = tell([("a", 40 * HOUR_MS - 1, "q")], [click, *carts, later])
    config = CONFIG.model_copy(update={"robots": CONFIG.robots.model_copy(update={"actions_an_hour": 1000})})
    for events, held in ((told.events, 0), (told.events[:-2] + told.events[-1:], 1)):
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            write_logs(place / "logs", Told(told.searches, events).tables())
            (place / "out").mkdir()
            write_examples(place / "logs", place / "out", config)
            (example,) = read_examples(place / "out", "test")
        assert len(example.history.short) == held


def test_a_user_who_is_too_quick_for_a_person_gives_no_examples() -> None:
    """One search more than a person makes in a clock hour; the same number in two hours is a person's."""
    count = SEARCHES_AN_HOUR + 1
    searches = [("a", i, "q") for i in range(count)] + [("b", i * HOUR_MS // 2, "q") for i in range(count)]
    actions = [(user, 3 * HOUR_MS, "sku-1", Action.CLICK, 1) for user in "ab"]
    told = tell([*searches, ("c", 9 * DAY, "q")], actions)
    manifest, made = made_from(told)
    assert robots(told) == {"a"}
    assert {example.user_id for example in made["train"]} == {"b"}
    assert (manifest.robot_users, manifest.robot_searches) == (1, count)


def test_too_many_actions_in_an_hour_are_a_robot_too() -> None:
    actions = [("a", i, "sku-1", Action.CLICK, 1) for i in range(ACTIONS_AN_HOUR + 1)]
    told = tell([("a", 0, "q"), ("b", 9 * DAY, "q")], actions)
    assert made_from(told)[1]["train"] == []


def test_a_robot_of_the_test_days_was_still_a_person_in_training() -> None:
    searches = [("a", 0, "q"), *(("a", 9 * DAY + i, "q") for i in range(SEARCHES_AN_HOUR + 1))]
    actions = [("a", 5, "sku-1", Action.CLICK, 1), ("a", 9 * DAY + 50, "sku-1", Action.CLICK, 1)]
    manifest, made = made_from(tell(searches, actions))
    assert (len(made["train"]), len(made["test"])) == (1, 0)
    assert manifest.robot_searches == SEARCHES_AN_HOUR + 1


def test_shards_are_balanced_shuffled_and_the_same_again(tmp_path: Path) -> None:
    shards = 3
    config = small_config(run={"shards": shards})
    write_logs(tmp_path / "logs", small_logs())
    manifests = []
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        manifests.append(write_examples(tmp_path / "logs", tmp_path / name, config))
    assert manifests[0] == manifests[1] == read_manifest(tmp_path / "once")
    for part, rows in (("train", manifests[0].train), ("test", manifests[0].test)):
        files = [shards_of(tmp_path / name, part) for name in ("once", "again")]
        assert [file.name for file in files[0]] == [f"{part}-{number:04d}.parquet" for number in range(shards)]
        once, again = ([[(e.search_id, facts(e)) for e in read_shard(file)] for file in mine] for mine in files)
        assert once == again
        assert sum(len(shard) for shard in once) == rows
        # A hash deals rows like dice: a shard's size is binomial, and five deviations happen once in a million times.
        fair = rows / shards
        assert all(abs(len(shard) - fair) <= 5 * math.sqrt(fair) for shard in once)
        ids = [search_id for shard in once for search_id, _ in shard]
        assert ids != sorted(ids), "in the order of the hash, which is nobody's order"


def test_no_shard_outgrows_memory() -> None:
    assert shards_for(10, at_least=4) == 4
    assert shards_for(10 * ROWS_A_SHARD + 1, at_least=4) == 11


def test_the_last_hours_are_for_testing(tmp_path: Path) -> None:
    write_logs(tmp_path / "logs", small_logs())
    (tmp_path / "out").mkdir()
    manifest = write_examples(tmp_path / "logs", tmp_path / "out", small_config())
    train, test = (list(read_examples(tmp_path / "out", part)) for part in ("train", "test"))
    assert max(example.at_ms for example in train) < manifest.test_from_ms <= min(example.at_ms for example in test)
    assert (manifest.engine, manifest.analyzer) == ("duckdb", analyzer.NAME)
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.suffix != ".parquet") == ["manifest.json"]


def test_part_files_are_read_like_one_file(tmp_path: Path) -> None:
    """Whoever archives logs writes a folder of part files under each name."""
    import pyarrow.parquet as pq

    for name in ("one", "parts"):
        write_logs(tmp_path / name, small_logs())
        (tmp_path / f"{name}-out").mkdir()
    for table in ("searches.parquet", "events.parquet"):
        rows = pq.read_table(tmp_path / "parts" / table)
        (tmp_path / "parts" / table).unlink()
        (tmp_path / "parts" / table / "day=2").mkdir(parents=True)
        pq.write_table(rows.slice(0, 100), tmp_path / "parts" / table / "part-0.parquet")
        pq.write_table(rows.slice(100), tmp_path / "parts" / table / "day=2" / "part-1.parquet")
    made = []
    for name in ("one", "parts"):
        write_examples(tmp_path / name, tmp_path / f"{name}-out", small_config())
        made.append([facts(example) for example in read_examples(tmp_path / f"{name}-out", "train")])
    assert made[0] == made[1]
