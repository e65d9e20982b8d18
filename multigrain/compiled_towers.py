"""A query tower whose functions go through XLA, for who asks one query or a few at a time.

What XLA saves is the time between thousands of small operations. It makes other code for each size of batch, and other
code rounds otherwise: vectors of two sizes differ in their last bits. So a few queries that are asked together are not
computed as a batch here. They go one after another through the code of a single one, in one call: what that shares is
all that a call costs besides, and each gets the bits that it would get alone.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigrain.saved_towers import Arrays, Function, QueryTower, Signature, as_arrays
from multigrain.types import Float32s

QUERIES_TOGETHER = 8
"""Of second halves: 8 of them take 3 times as long as one. A first half gains nothing from others beside it."""


def compiled(tower: QueryTower) -> QueryTower:
    """The same tower; larger batches stay as they are. Each function compiles, for seconds, in its first small call."""
    return QueryTower(
        whole=_SinglesCompiled(tower.whole),
        user=_SinglesCompiled(tower.user),
        query=_FewCompiled(tower.query, most=QUERIES_TOGETHER),
        queries_together=QUERIES_TOGETHER,
    )


class _SinglesCompiled:
    """A signature, and the same once more for a batch of one."""

    def __init__(self, function: Function) -> None:
        import tensorflow as tf

        assert isinstance(function, Signature)
        self._any_size = function
        self._packing = packing = _Packing(function.specs)

        def unpacked(*rows: Any) -> Any:  # Any: TensorFlow ships no types
            return function.graph(**packing.unpack(rows))

        single = tf.function(unpacked, autograph=False, jit_compile=True)
        self._single = single.get_concrete_function(*packing.specs(1))

    def __call__(self, inputs: Arrays) -> Mapping[str, Float32s]:
        if self._packing.rows_of(inputs) != 1:
            return self._any_size(inputs)
        import tensorflow as tf

        return as_arrays(self._single(*map(tf.constant, self._packing.pack(inputs, 1))))


class _FewCompiled:
    """A signature of one output, and the same once more for a batch of up to `most`: a loop over the rows.

    The number of rows is an input of the loop, so one compilation serves every size, and no row's code can depend on
    what else is in the batch.
    """

    def __init__(self, function: Function, *, most: int) -> None:
        import tensorflow as tf

        assert isinstance(function, Signature)
        self._any_size, self._most = function, most
        self._packing = packing = _Packing(function.specs)
        [(self._output, spec)] = function.graph.structured_outputs.items()

        def looped(count: Any, *matrices: Any) -> Any:  # Any: TensorFlow ships no types
            def step(row: Any, found: Any) -> tuple[Any, Any]:
                inputs = packing.unpack([tf.gather(matrix, [row]) for matrix in matrices])
                computed = function.graph(**inputs)[self._output]
                return row + 1, tf.tensor_scatter_nd_update(found, [[row]], computed)

            # In turn, and not side by side: XLA would have to make other code for that.
            nothing = tf.zeros([most, *spec.shape[1:]], spec.dtype)
            return tf.while_loop(lambda row, _: row < count, step, (0, nothing), parallel_iterations=1)[1]

        few = tf.function(looped, autograph=False, jit_compile=True)
        self._few = few.get_concrete_function(tf.TensorSpec([], tf.int32), *packing.specs(most))

    def __call__(self, inputs: Arrays) -> Mapping[str, Float32s]:
        count = self._packing.rows_of(inputs)
        if not 0 < count <= self._most:
            return self._any_size(inputs)
        import tensorflow as tf

        found = self._few(tf.constant(count), *map(tf.constant, self._packing.pack(inputs, self._most)))
        # A copy: of a view, everybody who keeps one row would keep them all.
        return {self._output: np.array(found.numpy()[:count])}


class _Packing:
    """The inputs of each query in one row for each kind of number.

    Handing an array over by name takes some 40 microseconds, whatever its size, and the second half of a tower reads
    eleven.
    """

    def __init__(self, specs: Mapping[str, Any]) -> None:  # Any: TensorFlow ships no types
        self._shapes = {name: tuple(map(int, spec.shape[1:])) for name, spec in specs.items()}
        kinds = sorted({spec.dtype.as_numpy_dtype for spec in specs.values()}, key=str)
        self._kinds = [(kind, [n for n, spec in specs.items() if spec.dtype.as_numpy_dtype is kind]) for kind in kinds]

    def rows_of(self, inputs: Arrays) -> int:
        """How many queries these are."""
        return len(inputs[next(iter(self._shapes))])

    def specs(self, rows: int) -> list[Any]:  # Any: TensorFlow ships no types
        """Of the matrices of so many queries."""
        import tensorflow as tf

        return [tf.TensorSpec([rows, self._width(names)], kind) for kind, names in self._kinds]

    def pack(self, inputs: Arrays, rows: int) -> list[NDArray[Any]]:  # Any: one of integers, one of floats
        """Matrices of `rows` rows; those beyond the inputs' hold anything, and are not to be read."""
        count = self.rows_of(inputs)
        matrices = [np.empty((rows, self._width(names)), kind) for kind, names in self._kinds]
        for matrix, (_, names) in zip(matrices, self._kinds, strict=True):
            np.concatenate([inputs[name].reshape(count, -1) for name in names], axis=1, out=matrix[:count])
        return matrices

    def unpack(self, matrices: Sequence[Any]) -> dict[str, Any]:  # Any: TensorFlow ships no types
        """The tensors of one query by name, as the tower takes them. `matrices`: of one row each."""
        import tensorflow as tf

        found: dict[str, Any] = {}
        for matrix, (_, names) in zip(matrices, self._kinds, strict=True):
            parts = tf.split(matrix, [prod(self._shapes[name]) for name in names], axis=1)
            found |= {name: tf.reshape(part, (1, *self._shapes[name])) for name, part in zip(names, parts, strict=True)}
        return found

    def _width(self, names: Sequence[str]) -> int:
        return sum(prod(self._shapes[name]) for name in names)
