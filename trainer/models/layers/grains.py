"""The multi-granular semantic unit of a query: six vectors, from characters to earlier queries.

q_1_gram  = mean of the unigrams                                    [V]
q_2_gram  = mean of the bigrams, which have a table of their own    [V]
q_seg     = mean of the words                                       [V]
q_seg_seq = mean of a Transformer over the words                    [V]; its size, and positions, are [inferred]
q_his_seq = softmax(q_seg . q_his^T) . q_his, unscaled              [V]; q_his are this user's own queries [inferred]
q_mix     = the sum of the five                                     [V]
"""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import EMBEDDING_SCALE, Layer, State, Tensor, masked_mean
from trainer.models.layers.self_attention import ABSENT, TransformerLayer
from trainer.models.layers.tables import Tables

GRAINS = 6


class Grains(Layer):
    """Query text and earlier queries -> Q_mgs [B, 6, d]."""

    def __init__(
        self, tables: Tables, *, dims: int, heads: int, layers: int, words: int, rng: np.random.Generator
    ) -> None:
        super().__init__("grains")
        self.tables = tables
        self.positions = tf.Variable(rng.normal(0, EMBEDDING_SCALE, (words, dims)).astype(np.float32), name="positions")
        self.transformer = [TransformerLayer(dims, heads, rng, f"transformer{i}") for i in range(layers)]

    def encode_user(self, history_words: Tensor) -> State:
        """[B, Q, W] ids -> asked_vectors [B, Q, d], asked_present [B, Q]"""
        return {
            "asked_vectors": self.tables.mean_word(history_words),
            "asked_present": tf.reduce_max(_present(history_words), -1),
        }

    def __call__(self, unigrams: Tensor, bigrams: Tensor, words: Tensor, state: State) -> Tensor:
        """[B, U], [B, G], [B, W] ids and what encode_user gave -> [B, 6, d]"""
        one = masked_mean(self.tables.unigram(unigrams), _present(unigrams))
        two = masked_mean(self.tables.bigram(bigrams), _present(bigrams))
        embedded = self.tables.word(words)
        seg = masked_mean(embedded, _present(words))
        seg_seq = self._in_sequence(embedded, _present(words))
        his_seq = _attend(seg, state["asked_vectors"], state["asked_present"])
        parts = [one, two, seg, seg_seq, his_seq]
        return tf.stack([*parts, tf.add_n(parts)], axis=1)

    def _in_sequence(self, embedded: Tensor, present: Tensor) -> Tensor:
        x = embedded + self.positions[: tf.shape(embedded)[1]]
        for layer in self.transformer:
            x = layer(x, present)
        return masked_mean(x, present)


def _attend(query: Tensor, rows: Tensor, present: Tensor) -> Tensor:
    """query [B, d], rows [B, n, d], present [B, n] -> [B, d]; zero where no row is present: all are zero then."""
    logits = tf.einsum("bd,bnd->bn", query, rows) + ABSENT * (1.0 - present)
    return tf.einsum("bn,bnd->bd", tf.nn.softmax(logits), rows)


def _present(ids: Tensor) -> Tensor:
    return tf.cast(ids > 0, tf.float32)
