"""MMSE: one text encoder for queries and titles, a user whose behaviour the query asks, and one dot product.

[V] two towers; the query's reads the query's text and user features, the item's its features and text; the text goes
through a 4-layer Transformer that was pre-trained on e-commerce data; the similarity is a dot product.
[inferred] all else, tagged in the file of each piece. The paper's table shows neither the features nor how they are
joined: ours are those that the other models read, and there is no profile beside behaviour and earlier queries. 128
dims are those of the closest verified sibling.

A text's tokens are words and character grains. A query brings both, each as a token of its own; of a title a tower is
given the words alone, so each word's token has the grains that it is spelt with in it. Bigrams are not read.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Vocabularies
from trainer.configs.config import ModelConfig
from trainer.models.layers.behavior_transformer import BehaviorTransformer
from trainer.models.layers.grain_fusion import GrainFusion
from trainer.models.layers.id_dropout import IdDropout
from trainer.models.layers.late_fusion import LateFusion
from trainer.models.layers.layer import Layer, Linear, State, Tensor, masked_mean
from trainer.models.layers.spelling import Spelling
from trainer.models.layers.tables import BEHAVIORS, SIDES, Tables
from trainer.models.layers.text_encoder import TextEncoder
from trainer.models.layers.text_tables import TextTables
from trainer.models.layers.zero_attention import attend_or_nothing

PostFusion = LateFusion | GrainFusion


class MmseQueryTower(Layer):
    """Query text, earlier queries and behaviour -> [B, d]. What depends on the query is in the second half alone."""

    def __init__(
        self,
        words: TextTables,
        tables: Tables,
        encoder: TextEncoder,
        fusion: PostFusion,
        config: ModelConfig,
        rng: np.random.Generator,
    ) -> None:
        super().__init__("mmse_query_tower")
        dims = config.dims
        self.reads_history = config.history
        self.words, self.encoder, self.fusion = words, encoder, fusion
        self.behaviors = BehaviorTransformer(tables, dims=dims, side_dims=config.side_dims, heads=config.heads, rng=rng)
        self.user = Linear(2 * dims, dims, rng, "user")
        self.ask = Linear(dims, dims, rng, "ask")

    def __call__(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> Tensor:
        state = self.encode_user(inputs, training=training)
        return self.encode_query(inputs["unigrams"], inputs["bigrams"], inputs["words"], state)

    def encode_user(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> State:
        """user [B, d], of nobody zero; behavior_rows [B, n, d] and behavior_present [B, n]."""
        if not self.reads_history:
            inputs = {name: tf.zeros_like(ids) for name, ids in inputs.items()}
        rows, present = self.behaviors(inputs["realtime"], inputs["short"], inputs["long"])
        asked = inputs["history_words"]
        queries = masked_mean(self.words.word(asked), _there(asked))
        earlier = masked_mean(queries, tf.reduce_max(_there(asked), -1))
        user = self.user(tf.concat([earlier, masked_mean(rows, present)], -1))
        return {"user": user, "behavior_rows": rows, "behavior_present": present}

    def encode_query(self, unigrams: Tensor, bigrams: Tensor, words: Tensor, state: State) -> Tensor:
        """Ids [B, U], [B, G] (unread), [B, W] and the states of as many users -> [B, d]"""
        tokens = tf.concat([self.words.word(words), self.words.unigram(unigrams)], 1)
        text = self.encoder(tokens, tf.concat([_there(words), _there(unigrams)], 1))
        asking = self.ask(text)[:, tf.newaxis]
        behavior = attend_or_nothing(asking, state["behavior_rows"], state["behavior_present"])[:, 0]
        return self.fusion.query(text, state["user"], behavior)


class MmseItemTower(Layer):
    """Title, and item id and side features where they are read -> [B, d]."""

    def __init__(
        self,
        words: TextTables,
        tables: Tables,
        encoder: TextEncoder,
        fusion: PostFusion,
        config: ModelConfig,
        spelling: Spelling,
    ) -> None:
        super().__init__("mmse_item_tower")
        self.words, self.tables, self.encoder, self.fusion = words, tables, encoder, fusion
        self.spell = spelling
        self.drop_id = IdDropout(tables, config.id_dropout)
        self.with_id, self.with_side = config.item_ids, config.item_side_features

    def __call__(self, item: Tensor, title_words: Tensor, side: Tensor, *, training: bool = False) -> Tensor:
        """ids [B], [B, T], [B, 4] -> [B, d]"""
        # Titles are a third as long as they may be: of the padding only what the longest of the batch needs.
        longest = tf.reduce_max(tf.math.count_nonzero(title_words, -1, dtype=tf.int32))
        title_words = title_words[:, : tf.maximum(longest, 1)]
        text = self.encoder(self._spelt(title_words), _there(title_words))
        known = self.drop_id(item, training=training) if self.with_id else tf.zeros_like(item)
        sides = self.tables.side_features(side if self.with_side else tf.zeros_like(side))
        return self.fusion.item(text, tf.concat([self.tables.item(known), *sides], -1))

    def _spelt(self, title_words: Tensor) -> Tensor:
        """ids [B, T] -> [B, T, d]"""
        # Each word of the batch is put together once: the words of a thousand titles are a few thousand.
        words, places = tf.unique(tf.reshape(title_words, [-1]))
        vectors = self.words.word(words) + tf.reduce_sum(self.words.unigram(self.spell(words)), 1)
        return tf.reshape(tf.gather(vectors, places), [*tf.unstack(tf.shape(title_words)), vectors.shape[-1]])


class Mmse(Layer):
    """Both towers over one set of tables."""

    def __init__(self, config: ModelConfig, vocabularies: Vocabularies, *, seed: int) -> None:
        super().__init__("mmse")
        rng = np.random.default_rng(seed)
        dims, features = config.dims, config.dims + len(SIDES) * config.side_dims
        words = TextTables(vocabularies, dims, rng)
        tables = Tables(vocabularies, dims, config.side_dims, rng, BEHAVIORS)
        fusion: PostFusion = (
            LateFusion(dims=dims, features=features, heads=config.heads, rng=rng)
            if config.post_fusion == "late"
            else GrainFusion(dims=dims, features=features, rng=rng)
        )
        encoder = self._encoder(config, rng, "text_encoder")
        titles = encoder if config.shared_encoder else self._encoder(config, rng, "title_encoder")
        self.query = MmseQueryTower(words, tables, encoder, fusion, config, rng)
        self.item = MmseItemTower(words, tables, titles, fusion, config, Spelling(vocabularies))

    @staticmethod
    def _encoder(config: ModelConfig, rng: np.random.Generator, name: str) -> TextEncoder:
        return TextEncoder(config.dims, config.heads, config.transformer_layers, rng, name)


def _there(ids: Tensor) -> Tensor:
    return tf.cast(ids > 0, tf.float32)
