"""What a client shows of itself, and where it refuses to."""

from pathlib import Path

import grpc
import pytest

from multigrain.client import AsyncClient, Client, to_error
from multigrain.client_channel import ClientTls, call_metadata, channel_credentials
from multigrain.errors import Forbidden, InvalidConfig, MultigrainError, Overloaded, Unauthenticated
from tests.unit.test_client import GivenError

SHOWN = (("authorization", "Bearer mg_sesame"),)


@pytest.mark.parametrize("address", ["127.0.0.1:50051", "localhost:50051", "[::1]:50051"])
def test_a_token_goes_in_plain_text_to_this_machine_alone(address: str) -> None:
    assert call_metadata(address, "mg_sesame", None) == SHOWN


@pytest.mark.parametrize(
    "address",
    ["10.0.0.7:50051", "shop.internal:443", "0.0.0.0:50051", "127.0.0.1:1,10.0.0.7:1", "dns:///shop:1", "shop"],
)
def test_a_token_in_plain_text_to_another_machine_is_refused(address: str) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(InvalidConfig, match="in plain text: use TLS") as caught:
            kind(address, token="mg_sesame")
        assert "sesame" not in str(caught.value)
    assert call_metadata(address, "mg_sesame", ClientTls()) == SHOWN
    assert call_metadata(address, None, None) == ()


@pytest.mark.parametrize("token", ["", " ", "two\nlines", "töken"])
def test_what_no_token_can_be_is_refused(token: str) -> None:
    with pytest.raises(InvalidConfig, match="token: is empty"):
        call_metadata("127.0.0.1:1", token, None)


def test_a_missing_file_and_half_a_pair_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"tls\.ca_file: cannot read .*ca\.pem: No such file"):
        channel_credentials(ClientTls(tmp_path / "ca.pem"))
    with pytest.raises(InvalidConfig, match="one of cert_file and key_file"):
        channel_credentials(ClientTls(cert_file=tmp_path / "cert.pem"))
    assert channel_credentials(None) is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [(grpc.StatusCode.UNAUTHENTICATED, Unauthenticated), (grpc.StatusCode.PERMISSION_DENIED, Forbidden)],
)
def test_a_refused_token_has_an_error_of_its_own(code: grpc.StatusCode, kind: type[MultigrainError]) -> None:
    assert type(to_error(GivenError(code, "why"), 1.0)) is kind


def test_the_time_to_wait_is_handed_on() -> None:
    error = to_error(GivenError(grpc.StatusCode.RESOURCE_EXHAUSTED, "why", multigrain_retry_after_ms="250"), 1.0)
    assert isinstance(error, Overloaded)
    assert error.retry_ms == 250
