"""Stacked LSTM layers with a residual between them: what was clicked last minute matters in its order.

[V] two layers, dropout 0.2, residual between the layers. Where exactly the dropout stands is [inferred]: on the input
of every layer but the first.
"""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import Layer, Linear, Tensor
from trainer.randomness import dropout


class Lstm(Layer):
    """One layer. Padding stands on the right, so it never reaches a real step."""

    def __init__(self, dims: int, rng: np.random.Generator, name: str) -> None:
        super().__init__(name)
        self.dims = dims
        self.into = Linear(dims, 4 * dims, rng, f"{name}_input", bias=True)
        self.back = Linear(dims, 4 * dims, rng, f"{name}_state")

    def __call__(self, x: Tensor, *, training: bool) -> Tensor:
        """x [B, T, d] -> [B, T, d]"""
        length, move = x.shape[1], _move if training else _move_by_one_tanh
        # The part of all steps that needs no memory is one product; by time first, so that a step is one row,
        # and read from an array: the gradient of a slice is as large as all steps, at each step.
        entered = tf.TensorArray(tf.float32, length).unstack(tf.transpose(self.into(x), [1, 0, 2]))
        nothing = tf.zeros_like(x[:, 0, :])

        def step(time: Tensor, hidden: Tensor, cell: Tensor, outputs: Tensor) -> tuple[Tensor, ...]:
            hidden, cell = move(entered.read(time) + self.back(hidden), cell)
            return time + 1, hidden, cell, outputs.write(time, hidden)

        outputs = tf.TensorArray(tf.float32, length, element_shape=nothing.shape)
        # A loop, not steps written out: XLA would compile those for half a minute.
        *_, outputs = tf.while_loop(
            lambda time, *_: time < length, step, (0, nothing, nothing, outputs), maximum_iterations=length
        )
        return tf.transpose(outputs.stack(), [1, 0, 2])


def _move(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """[B, 4 d] and [B, d] -> the hidden state and the cell after this step."""
    enter, forget, candidate, leave = tf.split(gates, 4, axis=-1)
    # + 1: a fresh layer remembers.
    cell = tf.sigmoid(forget + 1.0) * cell + tf.sigmoid(enter) * tf.tanh(candidate)
    return tf.sigmoid(leave) * tf.tanh(cell), cell


def _move_by_one_tanh(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """The same up to rounding: sigmoid(z) is tanh(z / 2) / 2 + 1 / 2, so one tanh does for three sigmoids and a tanh.

    A step of one query is so short that the number of operations is what it costs. A step of a batch is not, and there
    this takes a sixth more.
    """
    dims = cell.shape[-1]
    shift, shrink = (tf.constant(np.repeat(row, dims), tf.float32) for row in ((0, 1, 0, 0), (0.5, 0.5, 1, 0.5)))
    enter, forget, candidate, leave = tf.split(tf.tanh((gates + shift) * shrink), 4, axis=-1)
    cell = (0.5 * forget + 0.5) * cell + (0.5 * enter + 0.5) * candidate
    return (0.5 * leave + 0.5) * tf.tanh(cell), cell


class ResidualLstm(Layer):
    """Several layers, each but the first adding to what came in."""

    def __init__(self, dims: int, layers: int, dropout: float, rng: np.random.Generator, name: str) -> None:
        super().__init__(name)
        self.layers = [Lstm(dims, rng, f"{name}{i}") for i in range(layers)]
        self.dropout = dropout

    def __call__(self, x: Tensor, *, training: bool) -> Tensor:
        """[B, T, d] -> [B, T, d]"""
        x = self.layers[0](x, training=training)
        for layer in self.layers[1:]:
            dropped = dropout(x, self.dropout) if training and self.dropout else x
            x = x + layer(dropped, training=training)
        return x
