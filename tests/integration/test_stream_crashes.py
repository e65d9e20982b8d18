"""A consumer dies anywhere, again and again: the stores end as one undisturbed pass would have left them.

`multigrain bench crash --size 1m` is the same with more than a hundred kills; what is compared is said in
benchmarks/crashing/comparison.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.crashing.broker import open_sender
from benchmarks.crashing.comparison import differences
from benchmarks.crashing.found import Found, read_scene
from benchmarks.crashing.history import a_history
from benchmarks.crashing.kills import crash_test
from benchmarks.crashing.life import Orders, real_consumer
from benchmarks.crashing.oracle import Sides, expected
from benchmarks.crashing.points import Point
from benchmarks.crashing.scene import ENCODER, PARTITIONS, Scene, open_scene
from benchmarks.crashing.sent import Sent
from multigrain import database
from multigrain.events import ItemEvent, ItemPatched, ItemRemoved
from multigrain.types import ItemId, ItemStatus, UserState
from streaming.encode import encode_binary
from tests.builders import NOON_MS, an_item, an_upsert
from tests.integration.a_broken_consumer import index_last, no_memory_of_events, positions_first
from tests.integration.a_rehearsal import Break, Rehearsal, rehearse
from tests.services.service import Service

INDEX_POINTS = (Point.UPSERTED, Point.DELETED, Point.LETTERS_SENT, Point.BEFORE_COMMIT)


@pytest.fixture
def scene(kafka_service: Service, postgres_url: str, milvus_uri: str, milvus_prefix: str) -> Iterator[Scene]:
    engine = database.open_database(postgres_url)
    database.upgrade(engine)
    engine.dispose()
    address = kafka_service.address
    with open_scene(bootstrap=address, database_url=postgres_url, milvus_uri=milvus_uri, name=milvus_prefix) as made:
        yield made


@pytest.mark.slow
def test_a_consumer_that_is_killed_again_and_again_leaves_what_one_pass_would_have_left(scene: Scene) -> None:
    history = a_history(2_000, seed=1, partitions=PARTITIONS)
    done = crash_test(scene, history, kills=8, seed=1, points=INDEX_POINTS)
    assert len(done.killed) >= 6
    assert len({death.point for death in done.killed}) >= 4
    assert done.differences == []


@pytest.mark.slow
def test_a_consumer_that_commits_its_positions_first_is_found_out(scene: Scene) -> None:
    history = a_history(600, seed=2, partitions=PARTITIONS)
    broken = ("tests.integration.a_broken_consumer",)
    done = crash_test(scene, history, kills=3, seed=2, points=(Point.STATES_WRITTEN,), program=broken)
    assert any("is missing" in difference for difference in done.differences)


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_deaths_by_the_dozen_in_memory_change_nothing(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    history = a_history(400, seed=seed, partitions=PARTITIONS)
    assert rehearse(tmp_path_factory.mktemp("deaths"), history, deaths=25, seed=seed) == []


RED = an_item(1, title="red wool scarf")
GONE = ItemRemoved(event_id="gone", at_ms=NOON_MS, item_id=RED.item_id, source_version=2)
HIDDEN = ItemPatched(
    event_id="hidden", at_ms=NOON_MS, item_id=RED.item_id, source_version=2, status=ItemStatus.INACTIVE
)
GREEN = an_upsert(replace(RED, title="green felt hat", source_version=2))


@pytest.mark.parametrize("change", [GONE, HIDDEN, GREEN], ids=["gone", "hidden", "renamed"])
def test_a_change_that_died_half_done_and_is_then_undone_leaves_no_trace_in_the_index(
    tmp_path: Path, change: ItemEvent
) -> None:
    """The index was written, the batch was not committed; the next one sees the change and its undoing as one."""
    stage = Rehearsal(tmp_path)
    stage.send([_sent(an_upsert(RED))])
    stage.live(batch_records=10)
    stage.send([_sent(change)])
    stage.live(batch_records=10, point=Point.BEFORE_COMMIT)
    stage.send([_sent(an_upsert(replace(RED, source_version=3)))])
    stage.live(batch_records=10)
    found = stage.differences()
    stage.close()
    assert found == []


@pytest.mark.parametrize(
    ("parts", "points", "said"),
    [
        (positions_first, (Point.STATES_WRITTEN,), "is missing"),
        (index_last, (Point.BEFORE_UPSERT, Point.BEFORE_DELETE), "index row"),
        (no_memory_of_events, (Point.COMMITTED,), "should not be there"),
    ],
)
def test_a_broken_promise_is_found(tmp_path: Path, parts: Break, points: Sequence[Point], said: str) -> None:
    history = a_history(400, seed=3, partitions=PARTITIONS)
    found = rehearse(tmp_path, history, deaths=20, seed=3, points=points, parts=parts)
    assert any(said in difference for difference in found)


def test_whatever_is_tampered_with_is_found(tmp_path: Path) -> None:
    stage = Rehearsal(tmp_path)
    stage.send(a_history(300, seed=6, partitions=PARTITIONS))
    stage.live(batch_records=50)
    found = stage.found()
    assert stage.differences(found) == []
    unnoticed = [name for name, tampered in _tampered(found).items() if len(stage.differences(tampered)) == 0]
    stage.close()
    assert unnoticed == []


def _tampered(found: Found) -> dict[str, Found]:
    stored, (item_no, row), dead = found.stored, found.index[0], found.dead[0]
    item_id, item_row = next(iter(stored.items.items()))
    partition = next(iter(stored.positions))
    user_id = stored.events[0].user_id
    cheaper = replace(item_row, item=replace(item_row.item, price=item_row.item.price + 1))
    tampered = {
        "an item lost": replace(stored, items={name: row for name, row in stored.items.items() if name != item_id}),
        "a price": replace(stored, items={**stored.items, item_id: cheaper}),
        "a tower hash": replace(stored, items={**stored.items, item_id: replace(item_row, tower_hash=b"")}),
        "an event lost": replace(stored, events=stored.events[1:]),
        "an event doubled": replace(stored, events=[*stored.events, stored.events[0]]),
        "an event's time": replace(stored, events=[replace(stored.events[0], at_ms=1), *stored.events[1:]]),
        "an event's sides": replace(
            stored, events=[replace(stored.events[0], sides=Sides("x", "x", "x", "x")), *stored.events[1:]]
        ),
        "a state emptied": replace(stored, states={**stored.states, user_id: UserState(user_id=user_id)}),
        "a position": replace(stored, positions={**stored.positions, partition: stored.positions[partition] - 1}),
    }
    return {
        **{name: replace(found, stored=changed) for name, changed in tampered.items()},
        "an index row lost": replace(found, index=found.index[1:]),
        "an index row doubled": replace(found, index=[*found.index, found.index[0]]),
        "an index row's vector": replace(found, index=[(item_no, replace(row, vector=-row.vector)), *found.index[1:]]),
        "an index row's revision": replace(found, index=[(item_no, replace(row, revision=99)), *found.index[1:]]),
        "a dead letter lost": replace(found, dead=[one for one in found.dead if one.place != dead.place]),
        "a dead letter cut": replace(found, dead=[replace(dead, value=b"?"), *found.dead[1:]]),
        "a row of the archive lost": replace(found, archived=found.archived[1:]),
        "a row of the archive doubled": replace(found, archived=[*found.archived, found.archived[0]]),
    }


def test_of_several_replays_the_highest_source_version_wins_everywhere(scene: Scene) -> None:
    """The same items from every partition at once, each replay in an order of its own."""
    random = Random(4)
    told: list[ItemEvent] = []
    for number in range(1, 11):
        item_id = ItemId(f"sku-{number}")
        for version in range(1, 9):
            told.append(an_upsert(an_item(number, title=f"shoe{number} edition{version}", source_version=version)))
        told.append(ItemRemoved(event_id=f"gone-{number}", at_ms=NOON_MS, item_id=item_id, source_version=5))
    replays = [_sent(event, partition) for partition in range(PARTITIONS) for event in random.sample(told, len(told))]
    random.shuffle(replays)
    with open_sender(scene) as sender:
        landed = sender.send(replays)
    with real_consumer(Orders(scene=scene, group=scene.name, batch_records=25), lambda point: None) as consumer:
        consumer.run()
    found = read_scene(scene)
    assert differences(expected(landed), found, landed, ENCODER) == []
    assert {row.item.source_version for row in found.stored.items.values()} == {8}
    assert sorted(row.look.title for _, row in found.index) == sorted(f"shoe{n} edition8" for n in range(1, 11))
    assert {row.revision for _, row in found.index} == {8}
    wanted = ENCODER.encode_items([an_item(1, title="shoe1 edition8")])[0]
    assert any(np.allclose(row.vector, wanted, atol=1e-5) for _, row in found.index)


def _sent(event: ItemEvent, partition: int | None = None) -> Sent:
    encoded = encode_binary(event)
    return Sent(
        topic_kind=encoded.topic_kind,
        key=encoded.key,
        value=encoded.value,
        headers=encoded.headers,
        event=event,
        partition=partition,
    )
