"""Towers in memory -> SavedModels: plain graphs with an open batch. How they are run is for whoever loads them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import tensorflow as tf

from multigrain.bundle import ITEM_TOWER, QUERY_TOWER
from multigrain.features.inputs import Inputs
from multigrain.saved_towers import ENCODE_QUERY, ENCODE_USER, VECTOR, WHOLE
from trainer.models.layers.layer import Tensor
from trainer.models.model import Model
from trainer.models.weights import named_weights

TEXT = ("unigrams", "bigrams", "words")
HISTORY = ("history_words", "realtime", "short", "long")
"""What of a query tower's inputs comes from the query, and what from the user."""

Specs = Mapping[str, Tensor]


def save_towers(folder: Path, model: Model, queries: Inputs, items: Inputs) -> None:
    """Writes both towers into `folder`. `queries` and `items` are examples of their inputs, for the shapes."""

    def whole(**inputs: Tensor) -> dict[str, Tensor]:
        return {VECTOR: model.query(inputs)}

    def encode_user(**history: Tensor) -> dict[str, Tensor]:
        return dict(model.query.encode_user(history))

    def encode_query(unigrams: Tensor, bigrams: Tensor, words: Tensor, **state: Tensor) -> dict[str, Tensor]:
        return {VECTOR: model.query.encode_query(unigrams, bigrams, words, state)}

    def encode_item(**inputs: Tensor) -> dict[str, Tensor]:
        return {VECTOR: model.item(**inputs)}

    asked = _specs(queries)
    user = _graph(encode_user, {name: asked[name] for name in HISTORY})
    state = {name: tf.TensorSpec(output.shape, output.dtype) for name, output in user.structured_outputs.items()}
    query = _graph(encode_query, {name: asked[name] for name in TEXT} | state)
    names = {id(variable): name for name, variable in named_weights(model)}
    _save(folder / QUERY_TOWER, names, {WHOLE: _graph(whole, asked), ENCODE_USER: user, ENCODE_QUERY: query})
    _save(folder / ITEM_TOWER, names, {WHOLE: _graph(encode_item, _specs(items))})


def _specs(example: Inputs) -> dict[str, Tensor]:
    """The batch is left open, every other axis is fixed: no call ever makes a second graph."""
    return {name: tf.TensorSpec([None, *array.shape[1:]], tf.int32) for name, array in example.items()}


def _graph(function: Callable[..., Mapping[str, Tensor]], specs: Specs) -> Tensor:
    named = {name: tf.TensorSpec(spec.shape, spec.dtype, name=name) for name, spec in specs.items()}
    return tf.function(function, autograph=False).get_concrete_function(**named)


def _save(folder: Path, names: Mapping[int, str], signatures: Mapping[str, Tensor]) -> None:
    tower = tf.Module()
    # Only what these graphs read: the item tower needs no table of unigrams. By name, so that training can start from a
    # bundle: see trainer/training/towers.py.
    tower.kept = {names[id(variable)]: variable for graph in signatures.values() for variable in graph.variables}
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(tower, str(folder), signatures=dict(signatures), options=options)
