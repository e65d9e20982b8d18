"""Lines of a tokens file, and which token was presented."""

import hashlib

import pytest

from multigrain.errors import InvalidConfig
from server.security.scopes import Scope
from server.security.tokens import new_token, parse

HASH_OF_SESAME = f"sha256:{hashlib.sha256(b'sesame').hexdigest()}"
HASH_OF_OTHER = f"sha256:{hashlib.sha256(b'other').hexdigest()}"


def test_a_presented_token_is_found_by_its_hash() -> None:
    tokens = parse(
        f"# who may ask\n\nshop retrieve {HASH_OF_SESAME}\nlab retrieve,evaluate {HASH_OF_OTHER} # nightly\n"
    )
    shop, lab = tokens.find("sesame"), tokens.find("other")
    assert shop is not None
    assert (shop.name, shop.scopes) == ("shop", {Scope.RETRIEVE})
    assert lab is not None
    assert (lab.name, lab.scopes) == ("lab", {Scope.RETRIEVE, Scope.EVALUATE})


@pytest.mark.parametrize("presented", ["", "Sesame", "sesame ", HASH_OF_SESAME, HASH_OF_SESAME.removeprefix("sha256:")])
def test_nothing_but_the_token_itself_is_found(presented: str) -> None:
    assert parse(f"shop retrieve {HASH_OF_SESAME}").find(presented) is None


def test_two_tokens_of_one_name_are_both_valid() -> None:
    tokens = parse(f"shop retrieve {HASH_OF_SESAME}\nshop retrieve {HASH_OF_OTHER}\n")
    assert {found.name for word in ("sesame", "other") if (found := tokens.find(word))} == {"shop"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("shop retrieve", "line 2 has 2 parts, not 3"),
        (f"shop retrieve, evaluate {HASH_OF_OTHER}", "line 2 has 4 parts"),
        (f"shop retreive {HASH_OF_OTHER}", "line 2 has a scope that is none: use retrieve, evaluate, admin"),
        (f"shop retrieve, {HASH_OF_OTHER}", "line 2 has a scope that is none"),
        (f"a/b retrieve {HASH_OF_OTHER}", "line 2 has a name that is none"),
        ("shop retrieve mg_secret", "line 2 does not end in sha256:"),
        (f"shop retrieve {HASH_OF_OTHER[:-1]}", "line 2 does not end in sha256:"),
        (f"shop retrieve {HASH_OF_SESAME}", "line 2 has the token of line 1"),
    ],
)
def test_a_wrong_line_is_named_by_its_number_and_its_secret_is_not_repeated(line: str, problem: str) -> None:
    with pytest.raises(InvalidConfig, match=problem) as caught:
        parse(f"first admin {HASH_OF_SESAME}\n{line}\n")
    assert caught.value.field == "server.tokens_file"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n# nothing yet\n"])
def test_a_file_without_a_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfig, match="holds no token"):
        parse(text)


def test_a_fresh_token_is_found_by_its_line_and_is_not_in_it() -> None:
    token, line = new_token("shop", "retrieve,admin")
    found = parse(line).find(token)
    assert found is not None
    assert (found.name, found.scopes) == ("shop", {Scope.RETRIEVE, Scope.ADMIN})
    assert token not in line
    assert new_token("shop", "retrieve")[0] != token


@pytest.mark.parametrize(("name", "scopes"), [("a b", "retrieve"), ("#", "retrieve"), ("shop", "everything")])
def test_no_token_is_made_whose_line_could_not_be_read(name: str, scopes: str) -> None:
    with pytest.raises(InvalidConfig):
        new_token(name, scopes)
