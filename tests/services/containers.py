"""Milvus, Kafka and PostgreSQL as containers, by testcontainers: the images of `docker/compose.yaml`, on loopback.

The Docker engine must run on this machine: the ports are published on 127.0.0.1 only.
"""

import functools
import gc
import uuid
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from docker.errors import DockerException
from testcontainers.community.milvus import MilvusContainer
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

import docker
from tests.services import cache
from tests.services.ports import Claim, claim
from tests.services.unavailable import DidNotStart

COMPOSE = cache.ROOT / "docker" / "compose.yaml"


class Container:
    """A container that runs, and the ports it holds."""

    def __init__(self, address: str, container: DockerContainer, held: Claim) -> None:
        self.address = address
        self._container: DockerContainer | None = container
        self._held = held

    def stop(self) -> None:
        """Removes it; a second call does nothing."""
        if self._container:
            self._container.stop()
            self._container = None
            self._held.release()


@functools.cache
def refusal() -> str | None:
    """Why no container can be started. None: a daemon answers."""
    with warnings.catch_warnings():
        # docker-py leaves the socket of a refused connection open. It is collected here, where nobody minds.
        warnings.simplefilter("ignore", ResourceWarning)
        reason = _ping()
        gc.collect()
    return reason


def _ping() -> str | None:
    try:
        client = docker.from_env(timeout=3)
        try:
            client.ping()
        finally:
            client.close()
    except DockerException as failure:
        return f"no Docker daemon answers ({str(failure).splitlines()[0]})"
    return None


def start(name: str) -> Container:
    """Raises DidNotStart if the image cannot be had, or the server in it does not come up."""
    held = claim(1)
    (port,) = held.ports
    try:
        address, container = STARTERS[name](image(name), port)
    except Exception as failure:
        # Docker, the registry and the wait for the server each raise their own; all mean that this way is closed.
        held.release()
        raise DidNotStart(
            f"the container {image(name)} did not start: {failure}",
            cure=f"see what `docker run {image(name)}` says",
        ) from failure
    return Container(address, container, held)


def image(name: str) -> str:
    services: Mapping[str, Mapping[str, str]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return services[name]["image"]


def _milvus(image_name: str, port: int) -> tuple[str, DockerContainer]:
    container = MilvusContainer(image_name)
    container.with_env("DEPLOY_MODE", "STANDALONE")
    # The library would also wait for the health page, at an address that may not be the loopback it is published on.
    container.waiting_for(LogMessageWaitStrategy("Welcome to use Milvus!"))
    _publish(container, 19530, port)
    return f"http://127.0.0.1:{port}", _started(container)


def _kafka(image_name: str, port: int) -> tuple[str, DockerContainer]:
    # Not the library's KafkaContainer, which needs another vendor's image. What is set here replaces the image's own
    # settings.
    container = DockerContainer(image_name).with_envs(
        KAFKA_NODE_ID="1",
        KAFKA_PROCESS_ROLES="broker,controller",
        KAFKA_CONTROLLER_QUORUM_VOTERS="1@localhost:9093",
        KAFKA_CONTROLLER_LISTENER_NAMES="CONTROLLER",
        KAFKA_INTER_BROKER_LISTENER_NAME="PLAINTEXT",
        KAFKA_LISTENERS="PLAINTEXT://:9092,CONTROLLER://:9093",
        KAFKA_ADVERTISED_LISTENERS=f"PLAINTEXT://127.0.0.1:{port}",
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP="PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR="1",
        KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR="1",
        KAFKA_TRANSACTION_STATE_LOG_MIN_ISR="1",
        KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR="1",
        KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR="1",
        KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS="0",
        KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS="1000",
        KAFKA_LOG_CLEANER_BACKOFF_MS="500",
        KAFKA_AUTO_CREATE_TOPICS_ENABLE="false",
    )
    _publish(container, 9092, port)
    return f"127.0.0.1:{port}", _started(container)


def _postgres(image_name: str, port: int) -> tuple[str, DockerContainer]:
    password = uuid.uuid4().hex
    container = PostgresContainer(image_name, username="postgres", password=password, dbname="postgres")
    _publish(container, 5432, port)
    return f"postgresql+psycopg://postgres:{password}@127.0.0.1:{port}/postgres", _started(container)


STARTERS: Mapping[str, Callable[[str, int], tuple[str, DockerContainer]]] = {
    "milvus": _milvus,
    "kafka": _kafka,
    "postgres": _postgres,
}


def _publish(container: DockerContainer, inside: int, outside: int) -> None:
    """On loopback, and this port alone: by itself the library publishes all it knows of, on all interfaces."""
    # Its type has room for the port only; Docker takes an address as well.
    ports: dict[str, Any] = container.ports
    ports.clear()
    ports[str(inside)] = ("127.0.0.1", outside)


def _started(container: DockerContainer) -> DockerContainer:
    try:
        return container.start()
    except BaseException:
        container.stop()
        raise
