"""A bundle's SavedModels as functions of arrays: the one place on the floor that loads TensorFlow, and only when asked.

The query tower has three signatures: everything -> vector, history -> state of the user, and text with such a state
-> vector. The item tower has one. All take a batch of any size.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
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


def with_single_queries_compiled(tower: QueryTower) -> QueryTower:
    """The same tower, whose batches of one go through XLA: each function compiles, for seconds, in its first such call.

    Larger batches stay as they are. Each size would be compiled anew, and they gain little: what XLA saves is the time
    between thousands of small operations.
    """
    return QueryTower(*(_SinglesCompiled(function) for function in (tower.whole, tower.user, tower.query)))


class _Signature:
    """One signature of a SavedModel."""

    def __init__(self, loaded: Any, signature: Any) -> None:  # Any: TensorFlow ships no types
        # `loaded` is kept so that it lives as long as its function: a signature does not keep its variables.
        self.loaded, self.graph = loaded, signature
        self.specs = signature.structured_input_signature[1]

    def __call__(self, inputs: Arrays) -> Mapping[str, Float32s]:
        return _run(self.graph, self.specs, inputs)


class _SinglesCompiled:
    """A signature, and the same once more for a batch of one."""

    def __init__(self, function: Function) -> None:
        import tensorflow as tf

        assert isinstance(function, _Signature)
        self._any_size = function
        self._packing = packing = _Packing(function.specs)

        def unpacked(*rows: Any) -> Any:  # Any: TensorFlow ships no types
            return function.graph(**packing.unpack(rows))

        single = tf.function(unpacked, autograph=False, jit_compile=True)
        self._single = single.get_concrete_function(*packing.specs())

    def __call__(self, inputs: Arrays) -> Mapping[str, Float32s]:
        specs = self._any_size.specs
        if len(inputs[next(iter(specs))]) == 1:
            import tensorflow as tf

            return _as_arrays(self._single(*(tf.constant(row) for row in self._packing.pack(inputs))))
        return self._any_size(inputs)


class _Packing:
    """The inputs of a single query in one row for each kind of number.

    Handing an array over by name takes some 40 microseconds, whatever its size, and the second half of a tower reads
    eleven.
    """

    def __init__(self, specs: Mapping[str, Any]) -> None:  # Any: TensorFlow ships no types
        self._shapes = {name: (1, *map(int, spec.shape[1:])) for name, spec in specs.items()}
        kinds = sorted({spec.dtype.as_numpy_dtype for spec in specs.values()}, key=str)
        self._rows = [(kind, [n for n, spec in specs.items() if spec.dtype.as_numpy_dtype is kind]) for kind in kinds]

    def specs(self) -> list[Any]:  # Any: TensorFlow ships no types
        """Of the rows."""
        import tensorflow as tf

        return [tf.TensorSpec([sum(prod(self._shapes[n]) for n in names)], kind) for kind, names in self._rows]

    def pack(self, inputs: Arrays) -> list[NDArray[Any]]:  # Any: one row of integers, one of floats
        return [np.concatenate([inputs[name].ravel() for name in names]) for _, names in self._rows]

    def unpack(self, rows: Sequence[Any]) -> dict[str, Any]:  # Any: TensorFlow ships no types
        """The tensors in `rows` by name, as the tower takes them."""
        import tensorflow as tf

        found: dict[str, Any] = {}
        for row, (_, names) in zip(rows, self._rows, strict=True):
            parts = tf.split(row, [prod(self._shapes[name]) for name in names])
            found |= {name: tf.reshape(part, self._shapes[name]) for name, part in zip(names, parts, strict=True)}
        return found


def _run(graph: Any, names: Mapping[str, Any], inputs: Arrays) -> Mapping[str, Float32s]:
    import tensorflow as tf

    return _as_arrays(graph(**{name: tf.constant(inputs[name]) for name in names}))


def _as_arrays(outputs: Mapping[str, Any]) -> Mapping[str, Float32s]:
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


def _signature(folder: Path, loaded: Any, name: str) -> _Signature:
    if name not in loaded.signatures:
        raise BundleRefused(
            f"{folder}: its towers have no signature {name}: it was written by another version of multigrain; "
            "export it with this one"
        )
    return _Signature(loaded, loaded.signatures[name])
