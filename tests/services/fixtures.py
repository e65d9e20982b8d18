"""Fixtures for the real parts.

The servers are shared by the whole run: `milvus_service`, `kafka_service`, `postgres_service`. On top of them each
test gets a place of its own, which is cleared afterwards: `milvus_uri` with `milvus_prefix`, `kafka_topics`,
`postgres_url`. A test that kills its server asks for one that nobody shares: `own_milvus`, `own_kafka`,
`own_postgres`.

Where a part cannot be had the test is skipped, with the reason and the cure; with MULTIGRAIN_REQUIRE_SERVICES=1 it
fails instead.
"""

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.services.kafka_topics import create_topics, delete_topics
from tests.services.milvus_collections import collections, drop_collection
from tests.services.postgres import create_database, drop_database
from tests.services.resolution import resolve, start_own, stop_all
from tests.services.service import Service
from tests.services.unavailable import Unavailable

REQUIRE = "MULTIGRAIN_REQUIRE_SERVICES"
FAULTS_OF_KAFKA_PYTHON = (
    # How it reads its own files; Python 3.13 took the deprecation back.
    "(open|read)_text is deprecated:DeprecationWarning",
    # A connection that is refused leaves its socket, bound but never connected, to the garbage collector.
    r"Exception ignored in. <socket\.socket fd=\d+, family=2, type=1, proto=6, laddr=.'0\.0\.0\.0', \d+.>"
    ":pytest.PytestUnraisableExceptionWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    for warning in FAULTS_OF_KAFKA_PYTHON:
        config.addinivalue_line("filterwarnings", f"ignore:{warning}")


def required() -> bool:
    return os.environ.get(REQUIRE) == "1"


@pytest.fixture(scope="session")
def milvus_service(request: pytest.FixtureRequest) -> Service:
    return _have(request, resolve, "milvus")


@pytest.fixture(scope="session")
def kafka_service(request: pytest.FixtureRequest) -> Service:
    return _have(request, resolve, "kafka")


@pytest.fixture(scope="session")
def postgres_service(request: pytest.FixtureRequest) -> Service:
    return _have(request, resolve, "postgres")


AHEAD = "test_ahead_"
"""How the names of collections begin that are made for tests to come: no test drops them but the one that takes it."""


@pytest.fixture
def milvus_prefix() -> str:
    """How the names of a test's collections begin, so that they are its own on a server that others use, too."""
    return f"test_{uuid.uuid4().hex[:12]}_"


@pytest.fixture
def milvus_uri(milvus_service: Service, milvus_prefix: str) -> Iterator[str]:
    """The server's address. Afterwards the collections that the test made are dropped.

    On a server that this run started, that is every new collection; on one given by the environment, where others may
    be at work at the same time, those whose name begins with `milvus_prefix`.
    """
    before = collections(milvus_service.address)
    yield milvus_service.address
    for name in collections(milvus_service.address) - before:
        is_own = milvus_service.how != "environment" or name.startswith(milvus_prefix)
        if is_own and not name.startswith(AHEAD):
            drop_collection(milvus_service.address, name)


class Topics:
    """Topics of one test. Their names begin with `prefix`, which no other test has."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix

    def name(self, suffix: str) -> str:
        return self.prefix + suffix

    def create(self, suffix: str, *, partitions: int = 1, settings: Mapping[str, str] | None = None) -> str:
        """Creates a topic that can be written at once; gives its full name."""
        create_topics(self.bootstrap, {self.name(suffix): partitions}, settings)
        return self.name(suffix)


@pytest.fixture
def kafka_topics(kafka_service: Service) -> Iterator[Topics]:
    """Makes topics. Afterwards all that begin with the prefix are deleted, whoever made them."""
    topics = Topics(kafka_service.address, f"test-{uuid.uuid4().hex[:12]}.")
    yield topics
    delete_topics(topics.bootstrap, topics.prefix)


@pytest.fixture
def postgres_url(postgres_service: Service) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield create_database(postgres_service.address, name)
    drop_database(postgres_service.address, name)


@pytest.fixture
def own_milvus(request: pytest.FixtureRequest) -> Iterator[Service]:
    yield from _own(request, "milvus")


@pytest.fixture
def own_kafka(request: pytest.FixtureRequest) -> Iterator[Service]:
    yield from _own(request, "kafka")


@pytest.fixture
def own_postgres(request: pytest.FixtureRequest) -> Iterator[Service]:
    yield from _own(request, "postgres")


def pytest_sessionfinish() -> None:
    stop_all()


def _own(request: pytest.FixtureRequest, name: str) -> Iterator[Service]:
    service = _have(request, start_own, name)
    yield service
    # Its data end with it, so there is nothing to end gently for.
    service.kill()
    service.stop()


def _have(request: pytest.FixtureRequest, way: Callable[[str], Service | Unavailable], name: str) -> Service:
    # A first download may take a minute: its progress should be seen.
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        found = way(name)
    if isinstance(found, Service):
        return found
    if required():
        pytest.fail(f"{REQUIRE}=1, but {found}", pytrace=False)
    pytest.skip(str(found))
