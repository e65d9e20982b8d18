"""What a token allows, and what each method needs. NEEDED is the one table."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from multigrain.v1 import retrieval_pb2 as pb


class Scope(StrEnum):
    """One thing that a token may allow."""

    RETRIEVE = "retrieve"
    """Ask for candidates, and why an item is or is not among them."""
    EVALUATE = "evaluate"
    """Besides, name a generation, or ask as of a moment in the past."""
    ADMIN = "admin"
    """Everything."""


NOTHING: frozenset[Scope] = frozenset()


def _of_request(message: pb.RetrieveRequest) -> frozenset[Scope]:
    if message.generation_id or message.HasField("at"):
        return frozenset({Scope.RETRIEVE, Scope.EVALUATE})
    return frozenset({Scope.RETRIEVE})


NEEDED: Mapping[str, Callable[[Any], frozenset[Scope]]] = {
    "Retrieve": _of_request,
    "Explain": lambda message: _of_request(message.request),
    "GetStatus": lambda message: NOTHING,
    # It shows what others asked, and who they are.
    "ListSlowRequests": lambda message: frozenset({Scope.ADMIN}),
}
"""Method -> what its message needs. Any: each method has a message of its own."""


def missing(method: str, message: Any, held: frozenset[Scope]) -> frozenset[Scope]:  # Any: as in NEEDED
    """The scopes that this call needs and the caller does not hold. A method outside the table is for ADMIN alone."""
    if Scope.ADMIN in held:
        return NOTHING
    needed = NEEDED.get(method, lambda message: frozenset({Scope.ADMIN}))
    return needed(message) - held
