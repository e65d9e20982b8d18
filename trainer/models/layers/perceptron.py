"""A perceptron with one hidden layer."""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import Layer, Linear, Tensor

HIDDEN_FACTOR = 2
"""Hidden units for each dimension that comes out."""


class Perceptron(Layer):
    """W_2 relu(W_1 x + b_1) + b_2."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator, name: str) -> None:
        super().__init__(name)
        self.hidden = Linear(inputs, HIDDEN_FACTOR * outputs, rng, f"{name}_hidden", bias=True)
        self.out = Linear(HIDDEN_FACTOR * outputs, outputs, rng, f"{name}_out", bias=True)

    def __call__(self, x: Tensor) -> Tensor:
        """[B, inputs] -> [B, outputs]"""
        return self.out(tf.nn.relu(self.hidden(x)))
