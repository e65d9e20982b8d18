"""API tokens: the lines of a tokens file, and which token a caller presents.

The file holds hashes. A token is 256 random bits, so one round of SHA-256 cannot be guessed back, and costs a request
nothing. Whoever reads the file can present none of its tokens.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from multigrain.errors import InvalidConfig
from server.security.scopes import Scope

SETTING = "server.tokens_file"
PREFIX = "mg_"
"""By which a scanner for leaked secrets finds a token in a text."""
RANDOM_BYTES = 32
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
HASH = re.compile(r"sha256:([0-9a-f]{64})")
FORM = "write `name scope[,scope] sha256:HEX`, as `multigrain token new` prints it"


@dataclass(frozen=True, slots=True)
class Token:
    """One line of the file. Two tokens of one name are one client: so a token is exchanged without a gap."""

    name: str
    scopes: frozenset[Scope]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Tokens:
    """All that are valid now."""

    known: tuple[Token, ...]

    def find(self, presented: str) -> Token | None:
        """The token that was presented, or None. Takes as long whichever it is."""
        digest = _digest(presented)
        found = None
        for token in self.known:
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found


def parse(text: str) -> Tokens:
    """The tokens of a file. Raises InvalidConfig with the number of the line, and never with what might be a secret."""
    tokens = Tokens(tuple(_lines(text)))
    if not tokens.known:
        # A file that was cut short would shut everybody out, or let everybody in.
        raise InvalidConfig(SETTING, "the file holds no token", cure="add one, or leave the setting out")
    return tokens


def new_token(name: str, scopes: str) -> tuple[str, str]:
    """A fresh token, and its line for the file. Raises InvalidConfig when the line could not be read back."""
    token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    line = f"{name} {scopes} sha256:{_digest(token).hex()}"
    parse(line)
    return token, line


def _lines(text: str) -> Iterator[Token]:
    seen: dict[bytes, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        token = _token(content, number)
        if token.digest in seen:
            raise _wrong(number, f"has the token of line {seen[token.digest]}", "make one for each line")
        seen[token.digest] = number
        yield token


def _token(content: str, number: int) -> Token:
    parts = content.split()
    if len(parts) != 3:
        raise _wrong(number, f"has {len(parts)} parts, not 3", FORM)
    name, scopes, hashed = parts
    if not NAME.fullmatch(name):
        raise _wrong(number, "has a name that is none", "take 1 to 64 of A-Z a-z 0-9 . _ -")
    if not set(scopes.split(",")) <= set(Scope):
        raise _wrong(number, "has a scope that is none", f"use {', '.join(Scope)}, with commas and no spaces")
    found = HASH.fullmatch(hashed.lower())
    if found is None:
        raise _wrong(number, "does not end in sha256: and 64 hexadecimal digits", FORM)
    return Token(name, frozenset(Scope(scope) for scope in scopes.split(",")), bytes.fromhex(found[1]))


def _wrong(number: int, problem: str, cure: str) -> InvalidConfig:
    return InvalidConfig(SETTING, f"line {number} {problem}", cure=cure)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
