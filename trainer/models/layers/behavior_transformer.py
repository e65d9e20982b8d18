"""What the user did, as one sequence through a short Transformer: the rows that a query then attends to.

All of it is [inferred], from the practice of the paper's authors elsewhere: that behaviour is read at all, that it goes
through one Transformer layer, and that the query asks it. The windows are those that the other models read; a learnt
vector says of each row which window and which action it is of. There is no other order: the window tells how old.
"""

import numpy as np
import tensorflow as tf

from multigrain.features.windows import LONG_TERM_ACTIONS
from trainer.models.layers.behaviors import BehaviorEncoding, present_of
from trainer.models.layers.layer import EMBEDDING_SCALE, Layer, Tensor
from trainer.models.layers.self_attention import TransformerLayer
from trainer.models.layers.tables import Tables

KINDS = 2 + len(LONG_TERM_ACTIONS)
"""Real-time, short-term, and long-term by each action."""


class BehaviorTransformer(Layer):
    """Real-time, short- and long-term behaviour -> rows."""

    def __init__(self, tables: Tables, *, dims: int, side_dims: int, heads: int, rng: np.random.Generator) -> None:
        super().__init__("behavior_transformer")
        self.encode = BehaviorEncoding(tables, dims, side_dims, rng)
        kinds = rng.normal(0, EMBEDDING_SCALE, (KINDS, dims)).astype(np.float32)
        self.kinds = tf.Variable(kinds, name="behavior_kinds")
        self.layer = TransformerLayer(dims, heads, rng, "behavior")

    def __call__(self, realtime: Tensor, short: Tensor, long: Tensor) -> tuple[Tensor, Tensor]:
        """ids [B, R, 5], [B, S, 5], [B, 3, L, 5] -> rows [B, n, d], zero where nothing is, and present [B, n]"""
        windows = [realtime, short, *tf.unstack(long, axis=1)]
        rows = tf.concat([self.encode(window) + kind for window, kind in zip(windows, self._kinds(), strict=True)], 1)
        present = tf.concat([present_of(window) for window in windows], 1)
        return self.layer(rows, present) * present[..., tf.newaxis], present

    def _kinds(self) -> list[Tensor]:
        """One of [d] for each window."""
        kinds: list[Tensor] = tf.unstack(self.kinds)
        return kinds
