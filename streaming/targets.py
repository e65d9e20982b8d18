"""The generations that the stream feeds, each with its encoder and its index.

They are asked for inside the transaction that changes the catalogue, after its lock was taken. A generation is handed
over, and an index given up, under that same lock (docs/adr/0009): so no batch misses one, or writes to one that is
gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from multigrain.encoder import Encoder
from multigrain.errors import WrongState
from multigrain.index.item_index import IndexStore, ItemIndex
from multigrain.registry.generation import Generation
from multigrain.registry.registry import Registry
from multigrain.types import GenerationId


@dataclass(frozen=True, slots=True)
class Target:
    """One generation."""

    generation_id: GenerationId
    encoder: Encoder
    index: ItemIndex


Targets = Callable[[], Sequence[Target]]
"""Asked for every batch that changes an index. May block, and may raise StoreUnavailable or IndexUnavailable."""


class FedGenerations:
    """Targets from the registry. An encoder is kept, by bundle path, while a generation that uses it is fed.

    Safe to call from threads: the stream asks for them, and who reconciles beside it.
    """

    def __init__(
        self, registry: Registry, indexes: Callable[[], IndexStore], load_encoder: Callable[[Path], Encoder]
    ) -> None:
        """`indexes` is called when the first index is needed: a stream of behaviour alone needs no Milvus."""
        self._registry = registry
        self._indexes = indexes
        self._load_encoder = load_encoder
        self._lock = Lock()
        self._encoders: dict[str, Encoder] = {}
        self._opened: dict[GenerationId, ItemIndex] = {}

    def __call__(self) -> Sequence[Target]:
        with self._lock:
            generations = self._registry.fed()
            self._forget_others(generations)
            return [self._target(generation) for generation in generations]

    def one(self, generation_id: GenerationId) -> Target:
        """The target of this generation alone. Raises NotFound, and WrongState for one that is not fed."""
        generation = self._registry.get(generation_id)
        if not generation.is_fed:
            raise WrongState(
                f"generation {generation_id} is {generation.state} and not fed by the stream: name one that is ready, "
                f"live, or retired with its index"
            )
        with self._lock:
            return self._target(generation)

    def _forget_others(self, generations: Sequence[Generation]) -> None:
        paths = {generation.bundle_path for generation in generations}
        ids = {generation.generation_id for generation in generations}
        self._encoders = {path: encoder for path, encoder in self._encoders.items() if path in paths}
        self._opened = {name: index for name, index in self._opened.items() if name in ids}

    def _target(self, generation: Generation) -> Target:
        if generation.generation_id not in self._opened:
            self._opened[generation.generation_id] = self._indexes().open(generation.collection)
        if generation.bundle_path not in self._encoders:
            self._encoders[generation.bundle_path] = self._load_encoder(Path(generation.bundle_path))
        encoder, index = self._encoders[generation.bundle_path], self._opened[generation.generation_id]
        return Target(generation.generation_id, encoder, index)
