"""A real server behind TLS, tokens and limits, on loopback, with certificates made for the test."""

import asyncio
import hashlib
import logging
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from multigrain.client import AsyncClient, Client
from multigrain.client_channel import ClientTls
from multigrain.errors import Forbidden, InvalidConfig, InvalidRequest, Overloaded, Unauthenticated, Unavailable
from multigrain.telemetry import LOG_FIELDS
from tests.certificates import Authority, Pair, an_authority
from tests.flow.serving import Shop, eventually, open_shop, serving


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return an_authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.sign("server")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path)


def a_line(name: str, scopes: str) -> str:
    """A tokens file's line; the token is the name."""
    return f"{name} {scopes} sha256:{hashlib.sha256(name.encode()).hexdigest()}\n"


def connecting(*, token: str | None = None, tls: ClientTls | None = None) -> Callable[[str], Client]:
    return lambda address: Client(address, token=token, tls=tls)


def test_over_tls_it_answers_and_a_plain_client_gets_no_connection(
    shop: Shop, authority: Authority, pair: Pair
) -> None:
    tls = ClientTls(authority.cert)
    with serving(shop, connect=connecting(tls=tls), tls_cert=pair.cert, tls_key=pair.key) as (server, client):
        assert len(client.retrieve("red dress", limit=5)) == 5
        with Client(server.address, timeout_seconds=10) as plain, pytest.raises(Unavailable, match="want TLS"):
            plain.retrieve("red dress")


def test_a_server_of_another_authority_is_not_believed(
    shop: Shop, authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    other = an_authority(tmp_path / "other")
    with (
        serving(shop, connect=connecting(tls=ClientTls(authority.cert)), tls_cert=pair.cert, tls_key=pair.key) as (
            server,
            _,
        ),
        Client(server.address, timeout_seconds=10, tls=ClientTls(other.cert)) as stranger,
        pytest.raises(Unavailable, match="its certificate of our CA"),
    ):
        stranger.status()


def test_with_a_client_ca_only_clients_with_its_certificate_get_a_connection(
    shop: Shop, authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    ours, theirs = authority.sign("client"), an_authority(tmp_path / "other").sign("client")
    connect = connecting(tls=ClientTls(authority.cert, ours.cert, ours.key))
    files = {"tls_cert": pair.cert, "tls_key": pair.key, "tls_client_ca": authority.cert}
    with serving(shop, connect=connect, **files) as (server, client):
        assert len(client.retrieve("red dress", limit=5)) == 5
        for tls in (ClientTls(authority.cert), ClientTls(authority.cert, theirs.cert, theirs.key)):
            with Client(server.address, timeout_seconds=10, tls=tls) as stranger, pytest.raises(Unavailable):
                stranger.status()


def test_a_renewed_certificate_is_served_without_a_restart(
    shop: Shop, authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    served = Pair(tmp_path / "served.pem", tmp_path / "served.key")
    copy(pair, served)
    with serving(shop, connect=connecting(tls=ClientTls(authority.cert)), tls_cert=served.cert, tls_key=served.key) as (
        server,
        client,
    ):
        assert subject(server.port, authority) == "server"
        copy(authority.sign("renewed"), served)
        assert subject(server.port, authority) == "renewed"
        assert len(client.retrieve("red dress", limit=5)) == 5
        served.key.write_text("half a key")
        assert subject(server.port, authority) == "renewed"


def copy(pair: Pair, to: Pair) -> None:
    to.cert.write_bytes(pair.cert.read_bytes())
    to.key.write_bytes(pair.key.read_bytes())


def subject(port: int, authority: Authority) -> str:
    """The name on the certificate that a connection gets now."""
    context = ssl.create_default_context(cafile=str(authority.cert))
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", port)) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as wire,
    ):
        shown = wire.getpeercert()
    assert shown is not None
    return str(shown["subject"][0][0][1])


def test_each_token_may_do_what_its_scopes_say(shop: Shop, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(a_line("shop", "retrieve") + a_line("lab", "retrieve,evaluate") + a_line("root", "admin"))
    past = datetime(2026, 11, 5, tzinfo=UTC)
    with serving(shop, connect=connecting(token="shop"), tokens_file=tokens, allow_generation_choice=True) as (
        server,
        client,
    ):
        assert len(client.retrieve("red dress", limit=5)) == 5
        assert client.explain("sku-2", "red dress").in_catalogue
        assert client.status().generation_id == "g-1"
        for ask in (
            lambda: client.retrieve("red dress", generation_id="g-1"),
            lambda: client.retrieve("red dress", at=past),
            lambda: client.explain("sku-2", "red dress", generation_id="g-1"),
        ):
            with pytest.raises(Forbidden, match="'shop' may not do this: it lacks evaluate"):
                ask()
        for name in ("lab", "root"):
            with Client(server.address, token=name) as allowed:
                assert len(allowed.retrieve("red dress", limit=5, generation_id="g-1", at=past)) == 5
        with Client(server.address, token="guess") as guess, pytest.raises(Unauthenticated, match="unknown here"):
            guess.status()


def test_a_scope_gives_no_leave_that_the_server_does_not_give(shop: Shop, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(a_line("root", "admin"))
    with (
        serving(shop, connect=connecting(token="root"), tokens_file=tokens) as (_, client),
        pytest.raises(InvalidRequest, match="allow_generation_choice"),
    ):
        client.retrieve("red dress", generation_id="g-2")


def test_health_is_open_to_whoever_reaches_the_port(shop: Shop, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(a_line("shop", "retrieve"))
    with (
        serving(shop, connect=connecting(token="shop"), tokens_file=tokens) as (server, _),
        grpc.insecure_channel(server.address) as channel,
    ):
        ask = health_pb2_grpc.HealthStub(channel).Check
        up = health_pb2.HealthCheckResponse.SERVING
        eventually(lambda: ask(health_pb2.HealthCheckRequest(), timeout=5).status, lambda status: status == up)


def test_a_changed_tokens_file_counts_without_a_restart_and_a_broken_one_keeps_the_former(
    shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(a_line("shop", "retrieve"))

    def known(address: str, token: str) -> bool:
        try:
            with Client(address, token=token) as client:
                return client.status().generation_id == "g-1"
        except Unauthenticated:
            return False

    with serving(shop, connect=connecting(token="shop"), tokens_file=tokens) as (server, _):
        assert not known(server.address, "lab")
        replace(tokens, a_line("lab", "retrieve"))
        eventually(lambda: known(server.address, "lab"), bool)
        assert not known(server.address, "shop")
        with caplog.at_level(logging.ERROR):
            replace(tokens, a_line("shop", "retrieve") + "and half a li")
            eventually(lambda: caplog.text, lambda text: "server.tokens_file: line 2 has 4 parts" in text)
        assert known(server.address, "lab")
        assert not known(server.address, "shop")


def replace(path: Path, text: str) -> None:
    """In one piece: written in place, the file is empty for a moment, and may be read then."""
    draft = path.with_name("draft")
    draft.write_text(text)
    draft.replace(path)


def test_over_its_rate_a_client_is_told_how_long_to_wait_and_is_let_in_afterwards(shop: Shop, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(a_line("shop", "retrieve") + a_line("lab", "retrieve"))
    # A call in four seconds, so that no busy machine fills the bucket between two calls.
    limits = {"client_rate": 0.25, "client_burst": 2}
    with serving(shop, connect=connecting(token="shop"), tokens_file=tokens, **limits) as (server, client):
        for _ in range(2):
            client.retrieve("red dress", limit=5)
        with pytest.raises(Overloaded, match="shop asks more often than it may") as caught:
            client.retrieve("red dress", limit=5)
        assert client.status().generation_id == "g-1"
        with Client(server.address, token="lab") as other:
            assert len(other.retrieve("red dress", limit=5)) == 5
        assert caught.value.retry_ms is not None
        assert 0 < caught.value.retry_ms <= 4000
        eventually(lambda: answered(client), bool)


def test_the_log_line_of_a_refused_call_names_the_client(
    shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(a_line("lab", "evaluate"))
    with (
        serving(shop, connect=connecting(token="lab"), tokens_file=tokens) as (_, client),
        caplog.at_level(logging.DEBUG, logger="server.interceptors"),
    ):
        with pytest.raises(Forbidden):
            client.retrieve("red dress")
        # The answer is sent before the line is written.
        line = eventually(lambda: lines_of("Retrieve", caplog), bool)[0]
    assert (line["client"], line["status"]) == ("lab", "PERMISSION_DENIED")


def lines_of(method: str, caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    fields = [getattr(record, LOG_FIELDS, {}) for record in caplog.records]
    return [line for line in fields if line.get("method") == method]


def answered(client: Client) -> bool:
    try:
        return len(client.retrieve("red dress", limit=5)) == 5
    except Overloaded:
        return False


def test_the_async_client_shows_the_same(shop: Shop, authority: Authority, pair: Pair, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(a_line("shop", "retrieve"))
    tls = ClientTls(authority.cert)

    async def ask(address: str) -> int:
        async with AsyncClient(address, token="shop", tls=tls) as client:
            return len(await client.retrieve("red dress", limit=5))

    connect = connecting(token="shop", tls=tls)
    with serving(shop, connect=connect, tls_cert=pair.cert, tls_key=pair.key, tokens_file=tokens) as (server, _):
        assert asyncio.run(ask(server.address)) == 5


def test_a_server_does_not_start_on_files_that_cannot_work(shop: Shop, pair: Pair, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"server\.tls_cert: is set, and server\.tls_key is not"):
        serving(shop, tls_cert=pair.cert).__enter__()
    with pytest.raises(InvalidConfig, match=r"server\.tokens_file: cannot read .*: No such file"):
        serving(shop, tokens_file=tmp_path / "none").__enter__()
