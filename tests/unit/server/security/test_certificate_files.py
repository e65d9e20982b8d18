"""Certificate files: what is refused at the start, and what happens when they change."""

import logging
import subprocess
from pathlib import Path
from typing import Any

import pytest

from multigrain.errors import InvalidConfig
from multigrain.settings import ServerSettings
from server.security.exposure import warn_if_exposed
from server.security.tls import Certificates, Files, server_credentials
from tests.certificates import Authority, an_authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = an_authority(tmp_path_factory.mktemp("ca"))
    made.sign("one")
    made.sign("two")
    return made


def refusal(**values: Any) -> InvalidConfig:
    with pytest.raises(InvalidConfig) as caught:
        server_credentials(ServerSettings.model_validate(values))
    return caught.value


def test_without_a_certificate_it_is_plain_text() -> None:
    assert server_credentials(ServerSettings.model_validate({})) is None


def test_each_half_of_a_setting_names_what_is_missing(authority: Authority) -> None:
    cert, key = authority.folder / "one.pem", authority.folder / "one.key"
    assert "server.tls_key: is set, and server.tls_cert is not" in str(refusal(tls_key=key))
    assert "server.tls_cert: is set, and server.tls_key is not" in str(refusal(tls_cert=cert))
    assert refusal(tls_client_ca=authority.cert).field == "server.tls_client_ca"


def test_each_file_that_cannot_work_is_named_by_its_setting(authority: Authority, tmp_path: Path) -> None:
    cert, key, none = authority.folder / "one.pem", authority.folder / "one.key", tmp_path / "none.pem"
    rubbish, locked = tmp_path / "rubbish.pem", tmp_path / "locked.key"
    rubbish.write_bytes(b"\xff no PEM")
    encrypt = ["openssl", "pkcs8", "-topk8", "-in", str(key), "-out", str(locked), "-passout", "pass:sesame"]
    subprocess.run(encrypt, check=True, capture_output=True)

    def told(tls_cert: Path = cert, tls_key: Path = key, tls_client_ca: Path | None = None) -> str:
        return str(refusal(tls_cert=tls_cert, tls_key=tls_key, tls_client_ca=tls_client_ca))

    assert f"server.tls_cert: cannot read {none}: No such file" in told(tls_cert=none)
    assert f"server.tls_key: cannot read {none}: No such file" in told(tls_key=none)
    assert f"server.tls_client_ca: cannot read {none}" in told(tls_client_ca=none)
    assert f"server.tls_key: cannot read {tmp_path}: Is a directory" in told(tls_key=tmp_path)
    assert "server.tls_cert: holds no certificate" in told(tls_cert=rubbish)
    assert "server.tls_cert: holds no certificate" in told(tls_cert=key)
    assert "server.tls_client_ca: holds no certificate" in told(tls_client_ca=rubbish)
    assert "server.tls_key: holds no private key without a password" in told(tls_key=rubbish)
    assert "server.tls_key: holds no private key without a password" in told(tls_key=locked)
    assert "server.tls_key: does not fit the certificate" in told(tls_key=authority.folder / "two.key")


def test_a_half_renewed_certificate_is_told_once_and_the_former_stays(
    authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cert, key = tmp_path / "server.pem", tmp_path / "server.key"

    def put(path: Path, name: str) -> None:
        path.write_bytes((authority.folder / name).read_bytes())

    put(cert, "one.pem")
    put(key, "one.key")
    certificates = Certificates(Files(cert, key, None))
    assert certificates.renewed() is None
    put(cert, "two.pem")
    with caplog.at_level(logging.INFO):
        assert [certificates.renewed() for _ in range(3)] == [None, None, None]
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        put(key, "two.key")
        assert certificates.renewed() is not None
    assert caplog.records[-1].message == "certificate renewed"
    assert certificates.renewed() is None


def test_a_certificate_that_went_away_leaves_the_former(authority: Authority, tmp_path: Path) -> None:
    cert = tmp_path / "server.pem"
    cert.write_bytes((authority.folder / "one.pem").read_bytes())
    certificates = Certificates(Files(cert, authority.folder / "one.key", None))
    cert.unlink()
    assert certificates.renewed() is None


@pytest.mark.parametrize(
    ("values", "lacking"),
    [
        ({"host": "0.0.0.0"}, "without TLS (server.tls_cert) and without tokens (server.tokens_file)"),
        ({"host": "10.0.0.7", "tls_cert": "cert.pem"}, "without tokens (server.tokens_file)"),
        ({"host": "shop.internal", "tokens_file": "tokens"}, "without TLS (server.tls_cert)"),
        ({"host": "::", "tls_cert": "cert.pem", "tokens_file": "tokens"}, None),
        ({"host": "127.0.0.1"}, None),
        ({"host": "localhost"}, None),
        ({"host": "::1"}, None),
    ],
)
def test_a_server_that_the_network_reaches_warns_of_what_it_lacks(
    values: dict[str, str], lacking: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    warn_if_exposed(ServerSettings.model_validate(values))
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == (lacking is not None)
    assert all(f"{lacking}: see" in line for line in told)
