"""From a record on a real broker to an answer of a running server, over real PostgreSQL and a real Milvus.

Every program is a process of its own, started by its command, as in production.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from kafka import KafkaProducer

from multigrain import database
from multigrain.answers import Answer
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.client import Client
from multigrain.errors import MultigrainError
from multigrain.events import Clicked, Event, ItemUpserted
from multigrain.types import Item, ItemId, UserId
from streaming.encode import TopicKind, encode_binary, encode_json
from tests.integration.programs import run, running
from tests.services.fixtures import Topics
from tests.services.ports import claim
from tests.small_training import small_config, small_logs
from trainer.data.logs import write_logs
from trainer.flow import make_candidate
from trainer.progress import silent

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 60.0
EVERYTHING = 300
"""More than the catalogue holds: what is in the index is found, however little a model of some seconds has learned."""
T = TypeVar("T")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with logs and the work folder of a finished training run."""
    folder = tmp_path_factory.mktemp("trained")
    write_logs(folder / "logs", small_logs())
    make_candidate(
        folder / "logs",
        folder / "work",
        small_config(),
        reporter=silent,
        clock=time.monotonic,
        clock_ms=lambda: 1,
    )
    return folder


@pytest.fixture
def port() -> Iterator[int]:
    """A free one that no other test is given meanwhile."""
    claimed = claim(1)
    yield claimed.ports[0]
    claimed.release()


@pytest.fixture
def settings(port: int, tmp_path: Path, postgres_url: str, milvus_uri: str, kafka_topics: Topics) -> dict[str, str]:
    """What the programs are told: real stores, topics of this test, a free port."""
    for topic in ("items", "behavior", "items.dead", "behavior.dead"):
        kafka_topics.create(topic)
    return {
        "MULTIGRAIN_DATA_DIR": str(tmp_path / "data"),
        "MULTIGRAIN_DATABASE_URL": postgres_url,
        "MULTIGRAIN_MILVUS_URI": milvus_uri,
        "MULTIGRAIN_KAFKA_BOOTSTRAP": kafka_topics.bootstrap,
        "MULTIGRAIN_KAFKA_GROUP": kafka_topics.name("group"),
        "MULTIGRAIN_KAFKA_ITEMS_TOPIC": kafka_topics.name("items"),
        "MULTIGRAIN_KAFKA_BEHAVIOR_TOPIC": kafka_topics.name("behavior"),
        "MULTIGRAIN_SERVER_PORT": str(port),
        "MULTIGRAIN_SERVER_COMPILE_QUERIES": "true",  # as a server that answers for hours would
        "MULTIGRAIN_SERVER_REGISTRY_POLL_MS": "100",
    }


@pytest.fixture
def catalogue(postgres_url: str) -> Iterator[SqlCatalogue]:
    """The catalogue that the programs share, to look at."""
    engine = database.open_database(postgres_url)
    yield SqlCatalogue(engine)
    engine.dispose()


@pytest.fixture
def publish(kafka_topics: Topics) -> Iterator[Callable[[Event], None]]:
    """What a shop's own systems do: items as protobuf, behaviour as JSON; acknowledged by the broker."""
    producer = KafkaProducer(bootstrap_servers=kafka_topics.bootstrap)

    def send(event: Event) -> None:
        record = encode_binary(event) if isinstance(event, ItemUpserted) else encode_json(event)
        topic = {TopicKind.ITEMS: "items", TopicKind.BEHAVIOR: "behavior"}[record.topic_kind]
        sent = producer.send(kafka_topics.name(topic), key=record.key, value=record.value, headers=list(record.headers))
        sent.get(timeout=10)

    yield send
    producer.close()


def test_streamed_events_are_seen_in_an_answer(
    trained: Path,
    tmp_path: Path,
    settings: dict[str, str],
    catalogue: SqlCatalogue,
    publish: Callable[[Event], None],
) -> None:
    run(["db", "upgrade"], settings, tmp_path)
    with running(["stream"], settings, tmp_path):
        run(["produce", "--logs", str(trained / "logs"), "--only", "items"], settings, tmp_path)
        eventually(lambda: catalogue.count() == len(small_logs().catalog))
        run(["publish", str(trained / "work"), "--promote"], settings, tmp_path)
        with (
            running(["serve"], settings, tmp_path),
            Client(f"127.0.0.1:{settings['MULTIGRAIN_SERVER_PORT']}") as client,
        ):
            client.wait_until_serving(PATIENCE_SECONDS)
            item = a_new_item()
            assert item.item_id not in client.retrieve("zephyrine lamp", "user-new", limit=EVERYTHING).item_ids

            at_ms = time.time_ns() // 1_000_000
            publish(ItemUpserted(event_id="up-zephyrine", at_ms=at_ms, item=item))
            answer = eventually(lambda: found_by_both_channels(client, item))
            assert answer.newest_behavior is None

            clicked = Clicked(event_id="c-1", at_ms=at_ms, user_id=UserId("user-new"), item_id=item.item_id)
            publish(clicked)
            answer = eventually(lambda: with_behavior(client))
            assert answer.newest_behavior is not None
            assert round(answer.newest_behavior.timestamp() * 1000) == at_ms
            assert answer.degraded == ()
            probed = json.loads(run(["probe", "--count", "2", "--json"], settings, tmp_path))
            assert probed["late"] == []
            assert [figure["name"].split(",")[0] for figure in probed["figures"]] == ["click", "item in", "item out"]
            assert all(0 < figure["value"] < 10_000 for figure in probed["figures"])


def a_new_item() -> Item:
    return Item(
        item_id=ItemId("sku-zephyrine"),
        title="zephyrine lamp",
        brand="",
        category_path=("home", "light", "lamps"),
        shop="shop-1",
        price=20.0,
        stock=3,
        source_version=1,
    )


def found_by_both_channels(client: Client, item: Item) -> Answer | None:
    """The answer that holds the item, found in the Milvus index and in the lexical one; None: not yet."""
    answer = client.retrieve("zephyrine lamp", "user-new", limit=EVERYTHING)
    rows = {row.item_id: row for row in answer.rows()}
    return answer if item.item_id in rows and len(rows[item.item_id].channels) == 2 else None


def with_behavior(client: Client) -> Answer | None:
    answer = client.retrieve("zephyrine lamp", "user-new", limit=EVERYTHING)
    return answer if answer.newest_behavior is not None else None


def eventually(look: Callable[[], T | None]) -> T:
    """What `look` returns as soon as it is true; programs that are still starting are waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        problem: MultigrainError | None = None
        try:
            seen = look()
            if seen:
                return seen
        except MultigrainError as error:
            problem = error
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:g} s: {problem or 'nothing failed'}"
        time.sleep(0.05)
