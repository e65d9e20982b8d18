"""An encoder without a model: what is measured around it is everything but the towers."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from multigrain.features.windows import WindowConfig, Windows
from multigrain.text.analyzer import analyze
from multigrain.types import Float32s, Item


class HashingEncoder:
    """A text's vector is the sum of fixed random vectors of its words."""

    bundle_id = "hashing"
    windows = WindowConfig()

    def __init__(self, dims: int) -> None:
        self.dims = dims
        self._known: dict[str, Float32s] = {}

    def encode_queries(self, queries: Sequence[tuple[str, Windows]]) -> Float32s:
        return np.stack([self._text(text) for text, _ in queries])

    def encode_items(self, items: Sequence[Item]) -> Float32s:
        return np.stack([self._text(item.title) for item in items])

    def _text(self, text: str) -> Float32s:
        total = np.zeros(self.dims, np.float32)
        for word in analyze(text).words:
            if word not in self._known:
                self._known[word] = (
                    np.random.default_rng(crc32(word.encode())).normal(size=self.dims).astype(np.float32)
                )
            total += self._known[word]
        total /= max(float(np.linalg.norm(total)), 1e-9)
        return total
