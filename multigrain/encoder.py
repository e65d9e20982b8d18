"""A bundle's towers as two functions: text and history -> vector, item -> vector.

The one place on the floor that loads TensorFlow, and only when a bundle is loaded.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from multigrain.bundle import ITEM_TOWER, QUERY_TOWER, Bundle
from multigrain.errors import BundleRefused, Missing
from multigrain.features.inputs import Ints, item_inputs, query_inputs
from multigrain.features.windows import WindowConfig, Windows
from multigrain.golden import TOLERANCE, furthest
from multigrain.text import analyzer
from multigrain.types import Float32s, Item

QUERIES_AT_ONCE = 256
ITEMS_AT_ONCE = 2048
"""Larger batches gain no speed, only memory."""

VECTOR = "vector"
"""Name of the one output of a tower."""


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


Tower = Callable[[Mapping[str, Ints]], Float32s]
"""Integer inputs -> [B, dims]."""


class BundleEncoder:
    """An encoder that runs the towers of a bundle. Safe to call from threads: nothing changes after the start."""

    def __init__(self, bundle: Bundle, query_tower: Tower, item_tower: Tower) -> None:
        self._query_tower, self._item_tower = query_tower, item_tower
        self._vocabularies = bundle.vocabularies()
        self._lengths = bundle.text
        self.windows = bundle.windows
        self.bundle_id = bundle.bundle_id
        self.dims = bundle.manifest.dims

    def encode_queries(self, queries: Sequence[tuple[str, Windows]]) -> Float32s:
        vectors = [np.zeros((0, self.dims), np.float32)]
        for start in range(0, len(queries), QUERIES_AT_ONCE):
            part = queries[start : start + QUERIES_AT_ONCE]
            vectors.append(self._query_tower(query_inputs(part, self._vocabularies, self._lengths, self.windows)))
        return np.concatenate(vectors)

    def encode_items(self, items: Sequence[Item]) -> Float32s:
        vectors = [np.zeros((0, self.dims), np.float32)]
        for start in range(0, len(items), ITEMS_AT_ONCE):
            part = items[start : start + ITEMS_AT_ONCE]
            vectors.append(self._item_tower(item_inputs(part, self._vocabularies, self._lengths)))
        return np.concatenate(vectors)


def load_encoder(bundle: Bundle, *, verify_golden: bool = True) -> BundleEncoder:
    """The towers of `bundle`, ready and warm. Takes seconds the first time: it imports TensorFlow.

    Raises BundleRefused when the bundle needs another analyzer or a golden example does not reproduce, and Missing
    when TensorFlow is not installed.
    """
    if bundle.manifest.analyzer != analyzer.NAME:
        raise BundleRefused(
            f"{bundle.path}: made with analyzer {bundle.manifest.analyzer}, this program has {analyzer.NAME}: "
            "train again, or run the version that made it"
        )
    encoder = BundleEncoder(bundle, _load_tower(bundle, QUERY_TOWER), _load_tower(bundle, ITEM_TOWER))
    if verify_golden:
        check_golden(bundle, encoder)
    return encoder


def check_golden(bundle: Bundle, encoder: Encoder) -> None:
    """Computes the golden examples again, text to vector. Raises BundleRefused naming the one that is off most."""
    golden = bundle.golden()
    checks = (
        ("query", [text for text, _ in golden.queries], golden.query_vectors, encoder.encode_queries(golden.queries)),
        ("item", [item.item_id for item in golden.items], golden.item_vectors, encoder.encode_items(golden.items)),
    )
    for kind, names, expected, computed in checks:
        row, apart = furthest(expected, computed)
        if apart > TOLERANCE:
            raise BundleRefused(
                f"{bundle.path}: golden {kind} {row} ({names[row]!r}) is {apart:.2g} off, {TOLERANCE:.0e} allowed: "
                "this machine would give other vectors than the model was trained to"
            )


def _load_tower(bundle: Bundle, name: str) -> Tower:
    try:
        import tensorflow as tf
    except ImportError:
        raise Missing(
            "tensorflow is not installed: pip install 'multigrain[server]' (or [trainer], [streaming])"
        ) from None
    loaded = tf.saved_model.load(str(bundle.path / name))
    signature: Any = loaded.signatures["serving_default"]  # Any: TensorFlow ships no types

    def encode(inputs: Mapping[str, Ints]) -> Float32s:
        # `loaded` is named so that it lives as long as its function: a signature does not keep its variables.
        assert loaded is not None
        vectors: Float32s = signature(**{key: tf.constant(array) for key, array in inputs.items()})[VECTOR].numpy()
        return vectors

    return encode
