"""Items are made strangers now and then, so that the towers learn what to think of a stranger.  Ours, not the paper's.

An item that was listed after training, or that nobody clicked, has no id of its own: its name is hashed into one of
the buckets behind the known ids (multigrain.text.vocabulary). Unless some training items go there, too, those rows
stay as random as they began, and random is what they add to the vectors of all such items.
"""

import tensorflow as tf

from trainer.models.layers.layer import Layer, Tensor
from trainer.models.layers.tables import Tables
from trainer.randomness import dropout

SPREAD = 2_654_435_761
"""Near 2^32 over the golden ratio: neighbouring ids land in far buckets. Not the hash of the vocabulary, which wants
the item's name; any that spreads will do, as no known item is ever looked for in a bucket."""


class IdDropout(Layer):
    """A share of the known ids of a training batch -> the id of a bucket, always the same one for an item."""

    def __init__(self, tables: Tables, share: float) -> None:
        super().__init__("id_dropout")
        self.first, self.buckets, self.share = tables.first_item_bucket, tables.item_buckets, share

    def __call__(self, item: Tensor, *, training: bool) -> Tensor:
        """ids [B] -> [B]; as they were outside training."""
        if not (training and self.share):
            return item
        stays = dropout(tf.ones(tf.shape(item)), self.share) > 0
        stranger = self.first + tf.cast(tf.cast(item, tf.int64) * SPREAD % self.buckets, tf.int32)
        return tf.where(tf.logical_or(stays, item == 0), item, stranger)
