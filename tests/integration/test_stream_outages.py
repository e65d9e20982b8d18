"""PostgreSQL or Milvus is killed under load and comes back: nothing is lost, done twice, or buried."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.crashing.gate import open_gate
from benchmarks.crashing.history import a_history
from benchmarks.crashing.outage import outage
from benchmarks.crashing.scene import PARTITIONS, Scene, open_scene
from multigrain import database
from tests.services.postgres import create_database
from tests.services.service import Service

AWAY_SECONDS = 5.0
HISTORY = a_history(600, seed=5, partitions=PARTITIONS)


@contextmanager
def killed(service: Service) -> Iterator[None]:
    service.kill()
    yield
    service.restart()


@contextmanager
def scene_of(kafka: Service, database_url: str, milvus: Service) -> Iterator[Scene]:
    engine = database.open_database(database_url)
    database.upgrade(engine)
    engine.dispose()
    with open_scene(bootstrap=kafka.address, database_url=database_url, milvus_uri=milvus.address) as scene:
        yield scene


@pytest.mark.slow
def test_a_killed_postgresql_is_waited_for(
    kafka_service: Service, own_postgres: Service, milvus_service: Service
) -> None:
    address = create_database(own_postgres.address, "shop")
    with scene_of(kafka_service, address, milvus_service) as scene:
        was = outage(scene, HISTORY, killed(own_postgres), seconds=AWAY_SECONDS)
    print(f"caught up {was.caught_up_seconds:.1f} s after it was back")
    assert was.differences == []


@pytest.mark.slow
def test_a_killed_milvus_is_waited_for(kafka_service: Service, postgres_url: str, own_milvus: Service) -> None:
    with scene_of(kafka_service, postgres_url, own_milvus) as scene:
        was = outage(scene, HISTORY, killed(own_milvus), seconds=AWAY_SECONDS)
    print(f"caught up {was.caught_up_seconds:.1f} s after it was back")
    assert was.differences == []


def test_behind_a_gate_that_is_shut_there_is_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, open_gate(*server.getsockname()) as gate:
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as before:
            assert _answer(before) == b"hello"
            with gate.shut():
                assert _answer(before) == b""
                assert _answer_at(gate.port) == b""
        assert _answer_at(gate.port) == b"hello"


def _answer_at(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        return _answer(connection)


def _answer(connection: socket.socket) -> bytes:
    """What comes back; nothing where nobody answers."""
    try:
        connection.sendall(b"hello")
        return connection.recv(5)
    except ConnectionError:
        return b""


def _echo(server: socket.socket) -> None:
    """To two connections, one after the other."""
    for _ in range(2):
        connection, _ = server.accept()
        with connection:
            while data := connection.recv(5):
                connection.sendall(data)
