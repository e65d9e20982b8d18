"""A sample -> scored pairs, by the towers as they were trained."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Inputs, item_inputs, query_inputs
from multigrain.types import Float32s, Item
from trainer.cut_off.pairs import Pairs
from trainer.cut_off.sampling import Sample
from trainer.models.layers.layer import Tensor
from trainer.progress import Meter
from trainer.training.towers import Towers

AT_ONCE = 256
"""Searches or items. More would hold the histories of thousands."""


def score(sample: Sample, items: Sequence[Item], towers: Towers, meter: Meter) -> Pairs:
    """`meter` counts searches."""
    # An item that many searches have is encoded once.
    rows, place = np.unique(sample.row, return_inverse=True)
    nothing = np.zeros((0, towers.config.model.dims), np.float32)
    queries = np.concatenate([nothing, *_queries(sample, towers, meter)])
    found = np.concatenate([nothing, *_items([items[row] for row in rows.tolist()], towers)])
    scores = np.einsum("nd,nd->n", queries[sample.search], found[place.reshape(-1)])
    return Pairs(vectors=queries, search=sample.search, scores=scores, good=sample.good)


def _queries(sample: Sample, towers: Towers, meter: Meter) -> Iterator[Float32s]:
    # Made once: a graph made anew for each block would cost more than it computes.
    encode = tf.function(lambda inputs: towers.model.query(inputs), autograph=False, reduce_retracing=True)
    text, windows = towers.config.text.to_floor(), towers.config.windows.to_floor()
    for start in range(0, len(sample.searches), AT_ONCE):
        asked = [(example.query, example.history) for example in sample.searches[start : start + AT_ONCE]]
        yield _vectors(encode(_tensors(query_inputs(asked, towers.vocabularies, text, windows))))
        meter.report(start + len(asked))


def _items(items: Sequence[Item], towers: Towers) -> Iterator[Float32s]:
    encode = tf.function(lambda inputs: towers.model.item(**inputs), autograph=False, reduce_retracing=True)
    text = towers.config.text.to_floor()
    for start in range(0, len(items), AT_ONCE):
        yield _vectors(encode(_tensors(item_inputs(items[start : start + AT_ONCE], towers.vocabularies, text))))


def _tensors(inputs: Inputs) -> dict[str, Tensor]:
    return {name: tf.constant(array) for name, array in inputs.items()}


def _vectors(tensor: Tensor) -> Float32s:
    return np.asarray(tensor.numpy(), np.float32)
