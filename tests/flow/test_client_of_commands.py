"""How a command shows itself to a protected server, and `multigrain token`."""

import json
from pathlib import Path

import pytest

from commands.main import EXIT_THEIRS, main
from commands.request_options import open_client
from multigrain.client import Client
from multigrain.client_channel import ClientTls
from multigrain.errors import InvalidConfig, Unauthenticated
from multigrain.settings_in_force import current_settings
from server.security.tokens import parse
from tests.certificates import an_authority
from tests.flow.serving import open_shop, serving


@pytest.fixture
def made(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What `multigrain token new` says to a machine."""
    assert main(["token", "new", "shop", "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_a_command_shows_the_token_of_the_variable_or_of_the_file_over_tls(
    made: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = an_authority(tmp_path / "ca")
    pair, tokens, token = authority.sign("server"), tmp_path / "tokens", tmp_path / "token"
    tokens.write_text(made["line"] + "\n")
    token.write_text(made["token"] + "\n")
    monkeypatch.setenv("MULTIGRAIN_CLIENT_TLS_CA", str(authority.cert))

    def connect(address: str) -> Client:
        return Client(address, token=made["token"], tls=ClientTls(authority.cert))

    def found(address: str) -> int:
        with open_client(address, current_settings()) as client:
            return len(client.retrieve("red dress", limit=5))

    files = {"tls_cert": pair.cert, "tls_key": pair.key, "tokens_file": tokens}
    with serving(open_shop(tmp_path), connect=connect, **files) as (server, _):
        with pytest.raises(Unauthenticated, match="none came"):
            found(server.address)
        monkeypatch.setenv("MULTIGRAIN_CLIENT_TOKEN_FILE", str(token))
        assert found(server.address) == 5
        monkeypatch.setenv("MULTIGRAIN_TOKEN", "guess")
        with pytest.raises(Unauthenticated, match="unknown here"):
            found(server.address)
        monkeypatch.setenv("MULTIGRAIN_TOKEN", made["token"])
        assert found(server.address) == 5


def test_a_token_file_that_cannot_be_read_names_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTIGRAIN_CLIENT_TOKEN_FILE", str(tmp_path / "none"))
    with pytest.raises(InvalidConfig, match=r"client\.token_file: cannot read .*none: No such file"):
        open_client("127.0.0.1:1", current_settings())


def test_a_person_sees_token_and_line_each_in_one_piece(capsys: pytest.CaptureFixture[str]) -> None:
    name = 64 * "n"
    assert main(["token", "new", name, "--scopes", "retrieve,evaluate"]) == 0
    lines = capsys.readouterr().out.splitlines()
    token, line = (text for text in lines if text.startswith(("mg_", name)))
    found = parse(line).find(token)
    assert found is not None
    assert (found.name, found.scopes) == (name, {"retrieve", "evaluate"})


def test_an_unknown_scope_ends_with_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "new", "lab", "--scopes", "everything"]) == EXIT_THEIRS
    assert "has a scope that is none: use retrieve, evaluate, admin" in capsys.readouterr().err
