"""A word encoder in two halves, for what keeps the first and shares out the second."""

import threading
from collections.abc import Sequence
from zlib import crc32

import numpy as np

from multigrain.features.windows import WindowConfig, Windows
from multigrain.types import Float32s
from multigrain.user_states import UserStates
from tests.builders import WordEncoder


class HalvedWordEncoder(WordEncoder):
    """Every word of a history moves its state, and where it stands does, too; remembers what it was asked."""

    texts_together = 4

    def __init__(self, windows: WindowConfig | None = None, *, dims: int = 8) -> None:
        super().__init__(dims)
        self.windows = windows or WindowConfig()
        self.users: list[Windows] = []
        """Whose states were made."""
        self.texts: list[tuple[str, ...]] = []
        """What was encoded in one call."""
        self.gate = threading.Event()
        self.gate.set()

    def encode_queries(self, queries: Sequence[tuple[str, Windows]]) -> Float32s:
        raise AssertionError("a split encoder is asked in halves")

    def encode_users(self, histories: Sequence[Windows]) -> UserStates:
        assert self.gate.wait(10)
        self.users += histories
        return UserStates(self.bundle_id, {"user": np.stack([self._user(history) for history in histories])})

    def encode_with_states(self, texts: Sequence[str], states: UserStates) -> Float32s:
        assert self.gate.wait(10)
        self.texts.append(tuple(texts))
        if "bad" in texts:
            raise ValueError("the tower cannot read this")
        return np.stack([self._text(text) for text in texts]) + states.arrays["user"]

    def _user(self, history: Windows) -> Float32s:
        rows = [(part.item_ids, part.brands, part.shops, part.leaf_categories) for part in history.parts]
        return np.random.default_rng(crc32(repr((rows, history.queries)).encode())).normal(size=self.dims).astype("f4")
