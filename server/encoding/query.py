"""One request's wish for a vector, and what one call of a thread does for some of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from multigrain.encoder import Encoder, SplitEncoder
from multigrain.features.windows import Windows
from multigrain.types import Float32s
from multigrain.user_states import UserStates
from server.encoding.history_key import HistoryKey


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A vector that somebody waits for."""

    encoder: Encoder
    text: str
    windows: Windows
    key: HistoryKey | None
    """None: the user's state must not be kept."""
    ends_at: float
    """Of the clock that counts on: nobody wants the vector from here on."""
    vector: "asyncio.Future[Float32s]"
    """[1, dims]. Cancelled: nobody waits any more."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a batch came to."""

    vectors: Float32s
    """[B, dims]"""
    state: UserStates | None = None
    """Of its one user, where it was made for this batch."""


def encode_whole(encoder: Encoder, queries: Sequence[tuple[str, Windows]]) -> Encoded:
    """Whatever texts and histories, by an encoder whose batches equal its single calls."""
    return Encoded(encoder.encode_queries(queries))


def encode_user(encoder: SplitEncoder, texts: Sequence[str], windows: Windows) -> Encoded:
    """Texts of one user, whose state is made here."""
    state = encoder.encode_users([windows])
    return Encoded(encoder.encode_with_states(texts, state.take([0] * len(texts))), state)


def encode_kept(encoder: SplitEncoder, texts: Sequence[str], states: Sequence[UserStates]) -> Encoded:
    """Texts whose users' states are known, one each."""
    return Encoded(encoder.encode_with_states(texts, UserStates.joined(states)))


def encode_alone(encoder: Encoder, text: str, windows: Windows) -> Float32s:
    """[1, dims]: the same numbers, bit for bit, as a request gets, whatever it is encoded with."""
    if isinstance(encoder, SplitEncoder):
        return encode_user(encoder, [text], windows).vectors
    return encode_whole(encoder, [(text, windows)]).vectors
