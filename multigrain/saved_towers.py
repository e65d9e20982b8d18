"""A bundle's SavedModels as functions of arrays: the one place on the floor that loads TensorFlow, and only when asked.

The query tower has three signatures: everything -> vector, history -> state of the user, and text with such a state
-> vector. The item tower has one. All take a batch of any size.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigrain.bundle import ITEM_TOWER, QUERY_TOWER
from multigrain.errors import BundleRefused, Missing
from multigrain.types import Float32s

WHOLE = "serving_default"
ENCODE_USER = "encode_user"
ENCODE_QUERY = "encode_query"
VECTOR = "vector"
"""Name of the one output of a tower, and of its second half."""

Arrays = Mapping[str, NDArray[Any]]  # Any: ids are integers, states are floats
Function = Callable[[Arrays], Mapping[str, Float32s]]
"""Named inputs, among which may be names that it does not read -> named outputs, [B, ...] each."""


@dataclass(frozen=True, slots=True)
class QueryTower:
    """What a query tower can do."""

    whole: Function
    """All inputs -> VECTOR."""
    user: Function
    """history_words, realtime, short, long -> a state: names and shapes are the model's own."""
    query: Function
    """unigrams, bigrams, words and a state -> VECTOR. After `user` it equals `whole`."""
    queries_together: int = 1
    """The most rows that `query` takes and gives each the very bits that it would give it alone."""


def load_query_tower(folder: Path) -> QueryTower:
    """That of the bundle in `folder`.

    Raises BundleRefused when a signature is missing, and Missing when TensorFlow is not installed.
    """
    loaded = _load(folder / QUERY_TOWER)
    whole, user, query = (_signature(folder, loaded, name) for name in (WHOLE, ENCODE_USER, ENCODE_QUERY))
    return QueryTower(whole, user, query)


def load_item_tower(folder: Path) -> Function:
    """As load_query_tower."""
    return _signature(folder, _load(folder / ITEM_TOWER), WHOLE)


def import_runtime() -> None:
    """Takes the seconds that the first load would take for it. Raises Missing when TensorFlow is not installed."""
    _tensorflow()


class Signature:
    """One signature of a SavedModel."""

    def __init__(self, loaded: Any, signature: Any) -> None:  # Any: TensorFlow ships no types
        # `loaded` is kept so that it lives as long as its function: a signature does not keep its variables.
        self.loaded, self.graph = loaded, signature
        self.specs = signature.structured_input_signature[1]

    def __call__(self, inputs: Arrays) -> Mapping[str, Float32s]:
        return _run(self.graph, self.specs, inputs)


def _run(graph: Any, names: Mapping[str, Any], inputs: Arrays) -> Mapping[str, Float32s]:
    import tensorflow as tf

    return as_arrays(graph(**{name: tf.constant(inputs[name]) for name in names}))


def as_arrays(outputs: Mapping[str, Any]) -> Mapping[str, Float32s]:  # Any: TensorFlow ships no types
    """What a function of TensorFlow returned."""
    return {name: np.asarray(tensor.numpy()) for name, tensor in outputs.items()}


def _load(folder: Path) -> Any:
    return _tensorflow().saved_model.load(str(folder))


def _tensorflow() -> Any:  # it ships no types
    try:
        import tensorflow as tf
    except ImportError:
        raise Missing(
            "tensorflow is not installed: pip install 'multigrain[server]' (or [trainer], [streaming])"
        ) from None
    return tf


def _signature(folder: Path, loaded: Any, name: str) -> Signature:
    if name not in loaded.signatures:
        raise BundleRefused(
            f"{folder}: its towers have no signature {name}: it was written by another version of multigrain; "
            "export it with this one"
        )
    return Signature(loaded, loaded.signatures[name])
