"""A bundle's towers as two functions: text and history -> vector, item -> vector."""

from collections.abc import Sequence
from typing import Protocol

from multigrain.features.windows import WindowConfig, Windows
from multigrain.types import Float32s, Item


class Encoder(Protocol):
    """What the server, the stream and the publisher need of a model. Implementations are safe to call from threads."""

    @property
    def bundle_id(self) -> str: ...

    @property
    def dims(self) -> int: ...

    @property
    def windows(self) -> WindowConfig: ...

    def encode_queries(self, queries: Sequence[tuple[str, Windows]]) -> Float32s:
        """Vectors of B (text, history) pairs, [B, dims]. A batch of B equals B single calls."""
        ...

    def encode_items(self, items: Sequence[Item]) -> Float32s:
        """Vectors of B items, [B, dims]."""
        ...
