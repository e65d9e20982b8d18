"""Asked before each call: who is it, may it, and not too often."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from multigrain.errors import Forbidden, Overloaded, Unauthenticated
from server.security.limits import Limits
from server.security.scopes import Scope, missing
from server.security.tokens import Token, Tokens

BEARER = "bearer "
NEVER_LIMITED = "GetStatus"
"""It is what one asks to find out why everything else is refused."""
EVERYTHING = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    """Of its token; without tokens, its address. Has one bucket, and stands in the log."""
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class Guard:
    """In this order: only a caller that is known has a bucket of its own."""

    tokens: Callable[[], Tokens] | None = None
    """Those that are valid now. None: anybody may ask for anything."""
    limits: Limits | None = None
    """None: as often as one likes."""

    def know(self, *, authorization: str, peer: str) -> Caller:
        """`authorization` and `peer` as gRPC has them. Raises Unauthenticated."""
        if self.tokens is None:
            return Caller(host_of(peer), EVERYTHING)
        token = _presented(authorization, self.tokens())
        return Caller(token.name, token.scopes)

    def admit(self, caller: Caller, method: str, message: Any) -> None:  # Any: see scopes.NEEDED
        """Raises Forbidden or Overloaded."""
        lacking = missing(method, message, caller.scopes)
        if lacking:
            names = ", ".join(sorted(lacking))
            raise Forbidden(f"token {caller.name!r} may not do this: it lacks {names}: use one that has this scope")
        if self.limits is not None and method != NEVER_LIMITED:
            _limit(caller.name, self.limits)


def _limit(client: str, limits: Limits) -> None:
    seconds = limits.take(client)
    if seconds > 0:
        retry_ms = math.ceil(seconds * 1000)
        raise Overloaded(f"{client} asks more often than it may: wait {retry_ms} ms", retry_ms=retry_ms)


def _presented(authorization: str, tokens: Tokens) -> Token:
    if not authorization:
        raise Unauthenticated("this server wants a token, and none came: send `authorization: Bearer TOKEN`")
    if not authorization.lower().startswith(BEARER):
        raise Unauthenticated("the authorization is of another kind than Bearer: send `authorization: Bearer TOKEN`")
    found = tokens.find(authorization[len(BEARER) :].strip())
    if found is None:
        raise Unauthenticated("the token is unknown here: it was withdrawn, or belongs to another server")
    return found


def host_of(peer: str) -> str:
    """'10.0.0.7' of gRPC's 'ipv4:10.0.0.7:50812': the port is another one for each connection."""
    kind, _, address = unquote(peer).partition(":")
    return address.rpartition(":")[0].strip("[]") if kind in ("ipv4", "ipv6") else peer
