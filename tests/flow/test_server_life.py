"""Start, health, reflection and stop, as a balancer and an operator see them."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.client import Client
from multigrain.errors import Unavailable
from multigrain.settings_in_force import load_settings
from server.app import build_server
from server.channels import all_channels
from server.channels.channel import Channel
from server.channels.lexical_index import LexicalIndex
from tests.builders import an_upsert
from tests.flow.serving import Shop, eventually, open_shop, serving
from tests.flow.troubled import Gate, GatedChannel

SERVICE = "multigrain.v1.RetrievalService"
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path)


def health_of(address: str, service: str = "") -> int:
    with grpc.insecure_channel(address) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        return health_pb2_grpc.HealthStub(channel).Check(request, timeout=5).status


def test_health_is_not_serving_until_a_generation_is_loaded(shop: Shop) -> None:
    go_on = threading.Event()

    def load(generation: object) -> object:
        assert go_on.wait(10)
        return shop.load(generation)

    with serving(shop, load=load, wait=False) as (server, _):
        assert health_of(server.address) == NOT_SERVING
        go_on.set()
        eventually(lambda: health_of(server.address), lambda state: state == SERVING)
        assert health_of(server.address, SERVICE) == SERVING


def test_reflection_lists_the_service(shop: Shop) -> None:
    with serving(shop) as (server, _), grpc.insecure_channel(server.address) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        (reply,) = stub.ServerReflectionInfo(iter([request]), timeout=5)
    names = {service.name for service in reply.list_services_response.service}
    assert names == {SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}


def test_status_tells_generation_index_and_catalogue(shop: Shop) -> None:
    with serving(shop) as (_, client):
        status = client.status()
    assert (status.generation_id, status.items, status.index) == ("g-1", 60, "FLAT, IP, 32 dims")
    assert status.channels == ("vector", "lexical", "neighbours")
    assert (status.catalogue_revision, status.catalogue_items) == (60, 60)


def test_stop_says_not_serving_first_and_lets_running_calls_finish(shop: Shop) -> None:
    gate = Gate()

    def channels(titles: LexicalIndex) -> Sequence[Channel]:
        return [GatedChannel(one, gate) for one in all_channels(titles)]

    states: list[int] = []
    with (
        serving(shop, channels=channels, drain_seconds=5) as (server, client),
        ThreadPoolExecutor(2) as threads,
        grpc.insecure_channel(server.address) as watching,
    ):
        watch = health_pb2_grpc.HealthStub(watching).Watch(health_pb2.HealthCheckRequest(), timeout=20)
        states.append(next(watch).status)
        gate.shut()
        running = threads.submit(client.retrieve, "red dress", limit=5, timeout_seconds=10)
        eventually(lambda: gate.reached, bool)
        stopping = threads.submit(server.stop)
        states.append(next(watch).status)
        assert not running.done()
        gate.open()
        assert len(running.result()) == 5
        stopping.result()
    assert states == [SERVING, NOT_SERVING]


def test_after_the_stop_nobody_answers(shop: Shop) -> None:
    with serving(shop) as (server, _):
        address = server.address
    with Client(address) as client, pytest.raises(Unavailable):
        client.retrieve("red dress", timeout_seconds=1)


def test_a_second_server_on_the_same_port_is_refused_with_the_address(shop: Shop) -> None:
    with (
        serving(shop) as (server, _),
        pytest.raises(Unavailable, match=f"cannot listen on {server.address}"),
        serving(shop, port=server.port),
    ):
        pass


def test_a_server_on_the_stores_of_the_settings_starts_before_any_of_them_is_ready(tmp_path: Path) -> None:
    settings = load_settings({"MULTIGRAIN_DATA_DIR": str(tmp_path / "data"), "MULTIGRAIN_SERVER_PORT": "0"})
    server = build_server(settings)
    server.start()
    try:
        with Client(server.address) as client:
            assert client.status().generation_id is None
            assert health_of(server.address) == NOT_SERVING
            database.upgrade(database.open_database(settings.database_url))
            SqlCatalogue(database.open_database(settings.database_url)).apply([an_upsert()])
            eventually(lambda: client.status().catalogue_items, lambda count: count == 1)
            with pytest.raises(Unavailable, match="no generation is live yet"):
                client.retrieve("red dress")
    finally:
        server.stop()
    # Nobody asked for an index, so none was opened.
    assert not Path(settings.milvus_uri).exists()


def test_stopping_twice_is_stopping_once(shop: Shop) -> None:
    with serving(shop) as (server, _):
        server.stop()
        server.stop()
