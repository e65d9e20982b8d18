"""Which candidates a row is held against where only its own category counts.  Ours, not the papers'.

For shops that rank inside a category which is known, from a menu or from the query: what tells categories apart is soon
learnt and then worth little, while most candidates are of another category and teach nothing else.
"""

import tensorflow as tf

from trainer.models.layers.layer import Tensor


def of_own_category(categories: Tensor, rows: Tensor) -> Tensor:
    """True where a candidate has the category of the row's own positive, which is column b of row b.

    categories [C] of the candidates; rows: how many, B. -> [B, C]
    """
    return categories[:rows, tf.newaxis] == categories[tf.newaxis, :]
