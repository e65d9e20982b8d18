"""Stacked LSTM layers with a residual between them: what was clicked last minute matters in its order.

[V] two layers, dropout 0.2, residual between the layers. Where exactly the dropout stands is [inferred]: on the input
of every layer but the first.
"""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import Layer, Linear, Tensor


class Lstm(Layer):
    """One layer. Padding stands on the right, so it never reaches a real step."""

    def __init__(self, dims: int, rng: np.random.Generator, name: str) -> None:
        super().__init__(name)
        self.dims = dims
        self.into = Linear(dims, 4 * dims, rng, f"{name}_input", bias=True)
        self.back = Linear(dims, 4 * dims, rng, f"{name}_state")

    def __call__(self, x: Tensor) -> Tensor:
        """x [B, T, d] -> [B, T, d]; T is known when the graph is made, and its steps are written out."""
        steps = tf.unstack(self.into(x), axis=1)
        hidden = cell = tf.zeros_like(x[:, 0, :])
        outputs = []
        for step in steps:
            enter, forget, candidate, leave = tf.split(step + self.back(hidden), 4, axis=-1)
            # + 1: a fresh layer remembers.
            cell = tf.sigmoid(forget + 1.0) * cell + tf.sigmoid(enter) * tf.tanh(candidate)
            hidden = tf.sigmoid(leave) * tf.tanh(cell)
            outputs.append(hidden)
        return tf.stack(outputs, axis=1)


class ResidualLstm(Layer):
    """Several layers, each but the first adding to what came in."""

    def __init__(self, dims: int, layers: int, dropout: float, rng: np.random.Generator, name: str) -> None:
        super().__init__(name)
        self.layers = [Lstm(dims, rng, f"{name}{i}") for i in range(layers)]
        self.dropout = dropout

    def __call__(self, x: Tensor, *, training: bool) -> Tensor:
        """[B, T, d] -> [B, T, d]"""
        x = self.layers[0](x)
        for layer in self.layers[1:]:
            dropped = tf.nn.dropout(x, self.dropout) if training and self.dropout else x
            x = x + layer(dropped)
        return x
