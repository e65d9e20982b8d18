"""Where a crash test plays: topics, an empty database and an index of its own, which go afterwards."""

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from kafka.admin import KafkaAdminClient, NewTopic

from benchmarks.hashing_encoder import HashingEncoder
from multigrain.index.milvus import MilvusStore
from multigrain.index.specs import Flat
from streaming.dead_letter import DEAD_SUFFIX
from streaming.encode import TopicKind

PARTITIONS = 4
DIMS = 16
ENCODER = HashingEncoder(DIMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Addresses, and the names that are this scene's own."""

    bootstrap: str
    database_url: str
    milvus_uri: str
    milvus_token: str | None
    name: str
    """Of the index; topics and groups begin with it, too."""
    archive: str
    """A folder."""

    def topic(self, kind: TopicKind) -> str:
        return f"{self.name}.{kind}"

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(self.topic(kind) for kind in TopicKind)

    @property
    def dead_topics(self) -> tuple[str, ...]:
        return tuple(topic + DEAD_SUFFIX for topic in self.topics)


@contextmanager
def open_scene(
    *, bootstrap: str, database_url: str, milvus_uri: str, milvus_token: str | None = None, name: str = "crash_"
) -> Iterator[Scene]:
    """Makes topics and index, and takes them away. The database is given: upgraded, and nobody else's."""
    with TemporaryDirectory() as folder:
        scene = Scene(
            bootstrap=bootstrap,
            database_url=database_url,
            milvus_uri=milvus_uri,
            milvus_token=milvus_token,
            name=f"{name}{uuid.uuid4().hex[:8]}",
            archive=folder,
        )
        with _topics(scene), _index(scene):
            yield scene


@contextmanager
def _topics(scene: Scene) -> Iterator[None]:
    wanted = dict.fromkeys(scene.topics, PARTITIONS) | dict.fromkeys(scene.dead_topics, 1)
    with closing(KafkaAdminClient(bootstrap_servers=scene.bootstrap)) as admin:
        admin.create_topics([NewTopic(topic, count, 1) for topic, count in wanted.items()])
        admin.wait_for_topics(list(wanted))
        try:
            yield
        finally:
            admin.delete_topics(list(wanted))


@contextmanager
def _index(scene: Scene) -> Iterator[None]:
    with closing(MilvusStore(scene.milvus_uri, token=scene.milvus_token, timeout_seconds=120)) as store:
        index = store.create(scene.name, dims=DIMS, spec=Flat())
        try:
            index.load()
            yield
        finally:
            index.drop()
