"""The generations that the stream feeds: every open one, with its encoder and its index."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from multigrain.encoder import Encoder
from multigrain.errors import NotFound
from multigrain.index.item_index import IndexStore, ItemIndex
from multigrain.registry.generation import Generation, GenerationState
from multigrain.registry.registry import Registry
from multigrain.telemetry import LOG_FIELDS
from multigrain.types import GenerationId

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """One open generation."""

    generation_id: GenerationId
    encoder: Encoder
    index: ItemIndex


Targets = Callable[[], Sequence[Target]]
"""Asked for every batch that changes an index. May block, and may raise StoreUnavailable or IndexUnavailable."""


class OpenGenerations:
    """Targets from the registry. An encoder is kept, by bundle path, while a generation that uses it is open."""

    def __init__(
        self, registry: Registry, indexes: Callable[[], IndexStore], load_encoder: Callable[[Path], Encoder]
    ) -> None:
        """`indexes` is called when the first index is needed: a stream of behaviour alone needs no Milvus."""
        self._registry = registry
        self._indexes = indexes
        self._load_encoder = load_encoder
        self._encoders: dict[str, Encoder] = {}
        self._opened: dict[GenerationId, ItemIndex] = {}

    def __call__(self) -> Sequence[Target]:
        generations = self._registry.open()
        self._forget_closed(generations)
        return [target for generation in generations if (target := self._target(generation))]

    def _forget_closed(self, generations: Sequence[Generation]) -> None:
        paths = {generation.bundle_path for generation in generations}
        ids = {generation.generation_id for generation in generations}
        self._encoders = {path: encoder for path, encoder in self._encoders.items() if path in paths}
        self._opened = {name: index for name, index in self._opened.items() if name in ids}

    def _target(self, generation: Generation) -> Target | None:
        index = self._index(generation)
        if index is None:
            return None
        if generation.bundle_path not in self._encoders:
            self._encoders[generation.bundle_path] = self._load_encoder(Path(generation.bundle_path))
        return Target(generation.generation_id, self._encoders[generation.bundle_path], index)

    def _index(self, generation: Generation) -> ItemIndex | None:
        if generation.generation_id not in self._opened:
            try:
                self._opened[generation.generation_id] = self._indexes().open(generation.collection)
            except NotFound:
                if generation.state is not GenerationState.BUILDING:
                    raise
                # Registered, its collection not made yet: the bulk load that follows reads what we write to SQL now.
                log.info("generation has no index yet", extra={LOG_FIELDS: {"generation": generation.generation_id}})
                return None
        return self._opened[generation.generation_id]
