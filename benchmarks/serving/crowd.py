"""Who asks what. A few users and texts come often, most seldom, so that a cache meets what it would meet in a shop."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.serving.shoppers import user_id
from multigrain.client import retrieve_message
from multigrain.types import UserId

USER_SKEW, TEXT_SKEW = 1.0, 0.7
"""The user of rank r asks as often as 1 / r ** USER_SKEW says: of 5,000 the busiest hundred ask 57 in 100 requests."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    text: str
    user_id: UserId
    message: bytes
    """As it goes over the wire."""


def crowd(texts: Sequence[str], users: int, limit: int, count: int, *, seed: int) -> list[Asked]:
    """`count` requests of that limit. Three channels, FILL: what the service does when nothing else is said."""
    rng = np.random.default_rng(seed)
    who = rng.choice(users, count, p=_shares(users, USER_SKEW))
    what = rng.choice(len(texts), count, p=_shares(len(texts), TEXT_SKEW))
    return [
        Asked(texts[text], user_id(user), _message(texts[text], user_id(user), limit))
        for user, text in zip(who.tolist(), what.tolist(), strict=True)
    ]


def _message(text: str, user: UserId, limit: int) -> bytes:
    return bytes(retrieve_message(text, user, limit=limit).SerializeToString())


def _shares(count: int, skew: float) -> NDArray[np.float64]:
    weights = np.arange(1, count + 1, dtype=np.float64) ** -skew
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares
