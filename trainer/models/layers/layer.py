"""What every piece of a tower is made of: weights with a seed, a linear map, a normalisation."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import tensorflow as tf

Tensor = Any
"""Any: TensorFlow ships no types. Shapes stand in the docstrings."""

State = Mapping[str, Tensor]
"""What a query tower keeps of its users: a name and a tensor of floats [B, ...] for each piece that reads one."""

NORM_EPSILON = 1e-6
EMBEDDING_SCALE = 0.1
"""Small, so that an inner product of two fresh vectors of 64 or 128 dims is about zero."""


class Layer(tf.Module):  # type: ignore[misc]  # TensorFlow ships no types
    """A piece of a tower. It is called with tensors, and gives tensors; its weights are `trainable_variables`."""


class Embedding(Layer):
    """Ids -> vectors. Id 0 is padding: always the zero vector."""

    def __init__(self, rows: int, dims: int, rng: np.random.Generator, name: str) -> None:
        super().__init__(name)
        table = rng.normal(0, EMBEDDING_SCALE, (rows, dims)).astype(np.float32)
        self.table = tf.Variable(table, name=f"{name}_table")

    def __call__(self, ids: Tensor) -> Tensor:
        """[...] -> [..., dims]"""
        return tf.gather(self.table, ids) * tf.cast(ids > 0, tf.float32)[..., tf.newaxis]


class Linear(Layer):
    """x W, and + b where asked for. Without b the zero vector stays zero."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator, name: str, *, bias: bool = False) -> None:
        super().__init__(name)
        limit = float(np.sqrt(6.0 / (inputs + outputs)))
        self.weight = tf.Variable(rng.uniform(-limit, limit, (inputs, outputs)).astype(np.float32), name=f"{name}_w")
        self.bias = tf.Variable(np.zeros(outputs, np.float32), name=f"{name}_b") if bias else None

    def __call__(self, x: Tensor) -> Tensor:
        """[B, ..., inputs] -> [B, ..., outputs]"""
        # One plain product of matrices: tf.tensordot works out shapes at run time, a dozen operations each time. Axes
        # that are known when the graph is made stay so, for XLA.
        y = _product(tf.reshape(x, [-1, self.weight.shape[0]]), self.weight)
        middle = [tf.shape(x)[axis] if size is None else size for axis, size in enumerate(x.shape)][1:-1]
        y = tf.reshape(y, [-1, *middle, self.weight.shape[1]])
        return y if self.bias is None else y + self.bias


class LayerNorm(Layer):
    """Mean 0 and variance 1 along the last axis, then a learned scale and shift."""

    def __init__(self, dims: int, name: str) -> None:
        super().__init__(name)
        self.scale = tf.Variable(np.ones(dims, np.float32), name=f"{name}_scale")
        self.shift = tf.Variable(np.zeros(dims, np.float32), name=f"{name}_shift")

    def __call__(self, x: Tensor) -> Tensor:
        mean, variance = tf.nn.moments(x, -1, keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + NORM_EPSILON) * self.scale + self.shift


_PRODUCTS = ContextVar("products", default=tf.float32)


@contextmanager
def products_in(kind: Tensor) -> Iterator[None]:
    """Inside the block linear maps multiply in `kind`, a TensorFlow type. Around the towers while a graph is made."""
    token = _PRODUCTS.set(kind)
    try:
        yield
    finally:
        _PRODUCTS.reset(token)


def _product(x: Tensor, weight: Tensor) -> Tensor:
    """[n, inputs] x [inputs, outputs]. Weights, sums and whatever is not a product stay in float32."""
    kind = _PRODUCTS.get()
    if kind == tf.float32:
        return tf.matmul(x, weight)
    return tf.cast(tf.matmul(tf.cast(x, kind), tf.cast(weight, kind)), tf.float32)


def masked_mean(x: Tensor, present: Tensor) -> Tensor:
    """Mean along the second-to-last axis over what is present; zero where nothing is.

    x [..., n, d], present [..., n] of 0 and 1 -> [..., d]
    """
    total = tf.reduce_sum(x * present[..., tf.newaxis], -2)
    return total / tf.maximum(tf.reduce_sum(present, -1, keepdims=True), 1.0)
