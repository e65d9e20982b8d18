"""How a client reaches its server: in plain text or by TLS, and what it shows of itself.

A token is sent as metadata of each call. gRPC's own call credentials do the same in a thread of their own for each
call; what they guard against, a token in plain text on the network, is refused here once, when the client is made.
"""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc

from multigrain.errors import InvalidConfig
from multigrain.loopback import is_loopback

# 10,000 candidates with debug columns are a few MB; gRPC's own limit is 4.
# Left alone, gRPC has all channels of a program to one address share one connection, and so one process of the server;
# and after a connection that failed it waits a second, longer than the tries of a call, and in the end two minutes.
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)
NO_PROXY = (("grpc.enable_http_proxy", 0),)
"""gRPC would ask the proxy of `http_proxy` for this very machine, too, and the proxy knows another one."""

Options = tuple[tuple[str, int], ...]
Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ClientTls:
    """PEM files. Without any of them: TLS with the CAs that gRPC trusts, and no certificate of our own."""

    ca_file: Path | None = None
    """Of the server's CA."""
    cert_file: Path | None = None
    """Our certificate, for a server that wants one; with `key_file`, or not at all."""
    key_file: Path | None = None


def open_channel(kind: ModuleType, address: str, tls: ClientTls | None) -> Any:  # Any: grpc ships no types
    """A channel of `grpc` or `grpc.aio`, not yet connected. Raises InvalidConfig that names a file of `tls`."""
    options, credentials = _options(address), channel_credentials(tls)
    if credentials is None:
        return kind.insecure_channel(address, options=options)
    return kind.secure_channel(address, credentials, options=options)


def channel_credentials(tls: ClientTls | None) -> grpc.ChannelCredentials | None:
    """None: plain text. Raises InvalidConfig that names the file."""
    if tls is None:
        return None
    if (tls.cert_file is None) != (tls.key_file is None):
        raise InvalidConfig("tls", "has one of cert_file and key_file", cure="give both, or none")
    return grpc.ssl_channel_credentials(
        root_certificates=_read("tls.ca_file", tls.ca_file),
        private_key=_read("tls.key_file", tls.key_file),
        certificate_chain=_read("tls.cert_file", tls.cert_file),
    )


def call_metadata(address: str, token: str | None, tls: ClientTls | None) -> Metadata:
    """What goes with each call. Raises InvalidConfig for a token that the network could read."""
    if token is None:
        return ()
    if not token.isascii() or not token.isprintable() or not token.strip():
        raise InvalidConfig("token", "is empty, or holds what no token has", cure="give it as it was printed")
    host, _, port = address.rpartition(":")
    if tls is None and not (port.isdigit() and is_loopback(host)):
        problem = f"would be sent to {address} in plain text"
        raise InvalidConfig("token", problem, cure="use TLS: name the CA of the server's certificate")
    return (("authorization", f"Bearer {token.strip()}"),)


def _options(address: str) -> Options:
    return CHANNEL_OPTIONS + NO_PROXY if is_loopback(address.rpartition(":")[0]) else CHANNEL_OPTIONS


def _read(name: str, path: Path | None) -> bytes | None:
    try:
        return None if path is None else path.read_bytes()
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror}"
        raise InvalidConfig(name, problem, cure="name a PEM file that this user may read") from None
