"""Encoding as a server's requests meet it: from `ask` to the vector, alone and many at once, with users kept or not."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence

from benchmarks.paper_bundle import PaperBundle
from multigrain.encoder import BundleEncoder
from multigrain.features.windows import Windows
from multigrain.figures import Figure
from multigrain.types import Float32s, UserId
from multigrain.user_states import UserStates
from server.encoding.history_key import HistoryKey, Origin, history_key
from server.encoding.query_encodings import QueryEncodings

AT_ONCE = 16
ROUNDS = 6
LONE, CROWD = 40, 160
"""Requests of a round."""
CACHE_BYTES = 1 << 28
PATIENCE_SECONDS = 60.0

Asked = tuple[str, Windows, HistoryKey | None]


class OneByOne:
    """An encoder whose queries never go together: what going together is held against."""

    texts_together = 1

    def __init__(self, encoder: BundleEncoder) -> None:
        self._encoder = encoder
        self.bundle_id, self.dims, self.windows = encoder.bundle_id, encoder.dims, encoder.windows
        self.encode_queries, self.encode_items = encoder.encode_queries, encoder.encode_items
        self.encode_users = encoder.encode_users

    def encode_with_states(self, texts: Sequence[str], states: UserStates) -> Float32s:
        return self._encoder.encode_with_states(texts, states)


def request_figures(made: PaperBundle, encoder: BundleEncoder) -> Sequence[Figure]:
    """Milliseconds of lone requests, then requests a second of AT_ONCE that always wait; all in turns."""
    return asyncio.run(_measured(made, encoder))


async def _measured(made: PaperBundle, encoder: BundleEncoder) -> Sequence[Figure]:
    encodings = QueryEncodings(cache_bytes=CACHE_BYTES)
    single = OneByOne(encoder)
    known: list[Asked] = [
        (text, windows, history_key(Origin(UserId(f"user-{row}"), 1, ()), windows))
        for row, (text, windows) in enumerate(made.queries)
    ]
    unknown: list[Asked] = [(text, windows, None) for text, windows, _ in known]
    ways: Mapping[str, Callable[[], Coroutine[None, None, list[float]]]] = {
        "request to vector, user kept": lambda: _lone(encodings, encoder, known),
        "request to vector, user encoded": lambda: _lone(encodings, encoder, unknown),
        f"{AT_ONCE} requests at once, users kept": lambda: _crowd(encodings, encoder, known),
        f"{AT_ONCE} requests at once, users kept, one by one": lambda: _crowd(encodings, single, known),
        f"{AT_ONCE} requests at once, users encoded": lambda: _crowd(encodings, encoder, unknown),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(1 + ROUNDS):
        for name, work in ways.items():
            samples = await work()
            taken[name] += samples if turn else []  # the first turn makes the states, and warms up
    encodings.close()
    return [
        Figure.of(name, samples, "ms" if name.startswith("request") else "requests/s")
        for name, samples in taken.items()
    ]


async def _lone(encodings: QueryEncodings, encoder: BundleEncoder, asked: Sequence[Asked]) -> list[float]:
    """Milliseconds of each, one after another."""
    taken = []
    for number in range(LONE):
        started = time.perf_counter()
        await encodings.ask(encoder, *asked[number % len(asked)], seconds=PATIENCE_SECONDS)
        taken.append((time.perf_counter() - started) * 1e3)
    return taken


async def _crowd(encodings: QueryEncodings, encoder: BundleEncoder | OneByOne, asked: Sequence[Asked]) -> list[float]:
    """How many a second, when as many always wait."""

    async def one(first: int) -> None:
        for number in range(CROWD // AT_ONCE):
            await encodings.ask(encoder, *asked[(first + number) % len(asked)], seconds=PATIENCE_SECONDS)

    started = time.perf_counter()
    await asyncio.gather(*map(one, range(AT_ONCE)))
    return [CROWD / (time.perf_counter() - started)]
