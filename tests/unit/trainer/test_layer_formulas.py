"""Each layer against a reference written from its formula, in NumPy, one example at a time."""

from math import erf, pi, sqrt

import numpy as np
import pytest
import tensorflow as tf

from multigrain.features.inputs import Vocabularies
from multigrain.text.vocabulary import Vocabulary
from tests.small_training import small_config
from trainer.models.dnn import Dnn
from trainer.models.layers.behaviors import FAMILIES, BehaviorEncoding, LongTerm, RealTime, ShortTerm, present_of
from trainer.models.layers.concatenation import Concatenation
from trainer.models.layers.fusion import Fusion
from trainer.models.layers.item_tower import ItemTower
from trainer.models.layers.layer import Embedding, LayerNorm, Linear, masked_mean
from trainer.models.layers.perceptron import Perceptron
from trainer.models.layers.residual_lstm import ResidualLstm
from trainer.models.layers.self_attention import SelfAttention, TransformerLayer
from trainer.models.layers.tables import BEHAVIORS, CHARACTERS, SIDES, Tables
from trainer.models.mgdspr import Mgdspr
from trainer.models.text import Text

DIMS, SIDE_DIMS, HEADS = 8, 4, 2
KINDS = ("unigram", "bigram", "word", "item", "leaf", "top", "brand", "shop")
VOCABULARIES = Vocabularies(**{kind: Vocabulary((), 20) for kind in KINDS})
MODEL = small_config(model={"dims": DIMS, "side_dims": SIDE_DIMS, "heads": HEADS, "item_side_features": True}).model
PAPER = MODEL.model_copy(update={"item_side_features": False})


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def tables(rng: np.random.Generator) -> Tables:
    return Tables(VOCABULARIES, DIMS, SIDE_DIMS, rng, (*CHARACTERS, "word", *BEHAVIORS))


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(size=shape).astype(np.float32)


def stirred(layer: tf.Module) -> None:
    """Weights that start as zero or one would hide a term that is missing."""
    rng = np.random.default_rng(11)
    for variable in layer.trainable_variables:
        variable.assign_add(0.3 * rng.normal(size=variable.shape).astype(np.float32))


def close(found: tf.Tensor, expected: np.ndarray) -> None:
    np.testing.assert_allclose(np.asarray(found), expected, atol=2e-5, rtol=1e-4)


# ---- the references ----


def softmax(x: np.ndarray) -> np.ndarray:
    weights = np.exp(x - x.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def linear(layer: Linear, x: np.ndarray) -> np.ndarray:
    return x @ layer.weight.numpy() + (0 if layer.bias is None else layer.bias.numpy())


def norm(layer: LayerNorm, x: np.ndarray) -> np.ndarray:
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6) * layer.scale.numpy() + layer.shift.numpy()


def self_attention(layer: SelfAttention, x: np.ndarray) -> np.ndarray:
    """x [n, d], all present."""
    query, key, value = np.split(linear(layer.into, x), 3, axis=-1)
    width, heads = DIMS // HEADS, []
    for head in range(HEADS):
        part = slice(head * width, (head + 1) * width)
        heads.append(softmax(query[:, part] @ key[:, part].T / sqrt(width)) @ value[:, part])
    return linear(layer.out, np.concatenate(heads, -1))


def lstm(layer: object, x: np.ndarray) -> np.ndarray:
    hidden, cell, outputs = np.zeros(DIMS), np.zeros(DIMS), []
    for row in x:
        enter, forget, candidate, leave = np.split(linear(layer.into, row) + linear(layer.back, hidden), 4)  # type: ignore[attr-defined]  # Lstm
        cell = sigmoid(forget + 1) * cell + sigmoid(enter) * np.tanh(candidate)
        hidden = sigmoid(leave) * np.tanh(cell)
        outputs.append(hidden)
    return np.stack(outputs)


def zero_attention(queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """queries [q, d], rows [n, d], all present."""
    padded = np.concatenate([np.zeros((1, rows.shape[1])), rows])
    return softmax(queries @ padded.T) @ padded


def behavior(tables: Tables, join: Linear, ids: np.ndarray) -> np.ndarray:
    """ids [5] -> [d]"""
    parts = [tables.item.table.numpy()[ids[0]]] if ids[0] else [np.zeros(DIMS)]
    parts += [t.table.numpy()[i] if i else np.zeros(SIDE_DIMS) for t, i in zip(tables.sides, ids[1:], strict=True)]
    return np.concatenate(parts) @ join.weight.numpy()


def mean_word(tables: Tables, ids: np.ndarray) -> np.ndarray:
    rows = tables.word.table.numpy()[ids[ids > 0]]
    return rows.mean(0) if len(rows) else np.zeros(DIMS)


def perceptron(layer: Perceptron, x: np.ndarray) -> np.ndarray:
    return linear(layer.out, np.maximum(linear(layer.hidden, x), 0))


# ---- the layers ----


def test_id_zero_is_the_zero_vector_whatever_its_row_learnt(rng: np.random.Generator) -> None:
    table = Embedding(5, DIMS, rng, "e")
    found = table(tf.constant([[0, 3]])).numpy()
    assert not found[0, 0].any()
    np.testing.assert_array_equal(found[0, 1], table.table.numpy()[3])


def test_linear_is_a_product_of_matrices_and_a_bias(rng: np.random.Generator) -> None:
    layer = Linear(3, 2, rng, "l", bias=True)
    stirred(layer)
    x = normal(rng, 2, 4, 3)
    close(layer(x), linear(layer, x))
    close(layer(x[:, 0]), linear(layer, x[:, 0]))


def test_layer_norm_has_mean_zero_and_variance_one_before_its_scale_and_shift(rng: np.random.Generator) -> None:
    layer, x = LayerNorm(DIMS, "n"), normal(rng, 3, DIMS)
    stirred(layer)
    close(layer(x), norm(layer, x))


def test_a_transformer_layer_is_two_residuals_normalised_first(rng: np.random.Generator) -> None:
    layer, x = TransformerLayer(DIMS, HEADS, rng, "t"), normal(rng, 5, DIMS)
    stirred(layer)
    between = x + self_attention(layer.attention, norm(layer.before_attention, x))
    wide = linear(layer.wide, norm(layer.before_wide, between))
    gelu = 0.5 * wide * (1 + np.tanh(sqrt(2 / pi) * (wide + 0.044715 * wide**3)))
    close(layer(x[np.newaxis], tf.ones([1, 5]))[0], between + linear(layer.narrow, gelu))
    exact = 0.5 * wide * (1 + np.vectorize(erf)(wide / sqrt(2)))
    assert np.abs(gelu - exact).max() < 1e-2, "the tanh form stands for the integral"


def test_the_lstm_stacks_with_a_residual_between_layers(rng: np.random.Generator) -> None:
    layer, x = ResidualLstm(DIMS, 3, 0.2, rng, "r"), normal(rng, 6, DIMS)
    stirred(layer)
    expected = lstm(layer.layers[0], x)
    for further in layer.layers[1:]:
        expected = expected + lstm(further, expected)
    close(layer(x[np.newaxis], training=False)[0], expected)


def test_the_lstm_trains_by_the_formula_that_it_serves(rng: np.random.Generator) -> None:
    layer, x = ResidualLstm(DIMS, 2, 0.0, rng, "r"), 3 * normal(rng, 4, 6, DIMS)
    stirred(layer)
    served = layer(x, training=False).numpy()
    assert np.abs(served).max() > 0.9, "gates that are nearly shut would hide a difference"
    np.testing.assert_allclose(layer(x, training=True).numpy(), served, atol=1e-6)


def test_a_behavior_is_its_item_and_side_features_projected(tables: Tables, rng: np.random.Generator) -> None:
    layer = BehaviorEncoding(tables, DIMS, SIDE_DIMS, rng)
    ids = np.array([[3, 4, 5, 0, 7], [1, 2, 3, 4, 5], [0, 0, 0, 0, 0]], np.int32)
    close(layer(ids[np.newaxis])[0], np.stack([behavior(tables, layer.join, row) for row in ids]))
    assert not layer(ids[np.newaxis]).numpy()[0, 2].any()


def test_real_time_is_an_lstm_then_self_attention_over_what_is_there(rng: np.random.Generator) -> None:
    layer, x = RealTime(DIMS, HEADS, 2, 0.2, rng), normal(rng, 5, DIMS)
    stirred(layer)
    remembered = lstm(layer.lstm.layers[0], x[:3])
    remembered = remembered + lstm(layer.lstm.layers[1], remembered)
    found = layer(x[np.newaxis], tf.constant([[1.0, 1, 1, 0, 0]]), training=False)[0].numpy()
    close(found[:3], self_attention(layer.attention, remembered))
    assert not found[3:].any()


def test_short_term_is_self_attention_over_what_is_there(rng: np.random.Generator) -> None:
    layer, x = ShortTerm(DIMS, HEADS, rng), normal(rng, 4, DIMS)
    found = layer(x[np.newaxis], tf.constant([[1.0, 1, 0, 0]]))[0].numpy()
    close(found[:2], self_attention(layer.attention, x[:2]))
    assert not found[2:].any()


def test_long_term_asks_each_family_alone_and_sums(tables: Tables, rng: np.random.Generator) -> None:
    layer, grains = LongTerm(tables, DIMS, SIDE_DIMS, rng), normal(rng, 6, DIMS)
    ids = rng.integers(1, 20, (3, 4, 5)).astype(np.int32)
    ids[0, 2:] = ids[1] = 0  # two clicks, no purchase, four in the collection
    expected = np.zeros((6, DIMS))
    for family in ("item", *FAMILIES):
        column = ("item", *SIDES).index(family)
        table = (tables.item if family == "item" else tables.sides[SIDES.index(family)]).table.numpy()
        widen = np.eye(DIMS) if family == "item" else layer.widen[family].weight.numpy()
        means = [table[ids[action, :count, column]].mean(0) @ widen for action, count in ((0, 2), (2, 4))]
        expected += zero_attention(grains, np.stack(means))
    batch = ids[np.newaxis]
    found = layer.attend(tf.constant(grains[np.newaxis]), layer(batch), layer.present(batch))
    close(found[0], expected)
    np.testing.assert_array_equal(layer.present(batch).numpy(), [[1, 0, 1]])


def test_fusion_is_the_first_output_of_attention_over_25_tokens(rng: np.random.Generator) -> None:
    layer = Fusion(DIMS, HEADS, rng)
    blocks = [normal(rng, 6, DIMS) for _ in range(4)]
    tokens = np.concatenate([layer.cls.numpy()[0], *blocks])
    assert tokens.shape == (25, DIMS)
    close(layer(*(block[np.newaxis] for block in blocks))[0], self_attention(layer.attention, tokens)[0])


def test_concatenation_joins_the_means_of_the_four_blocks(rng: np.random.Generator) -> None:
    layer = Concatenation(DIMS, rng)
    blocks = [normal(rng, 6, DIMS) for _ in range(4)]
    close(
        layer(*(block[np.newaxis] for block in blocks))[0],
        linear(layer.join, np.concatenate([b.mean(0) for b in blocks])),
    )


def test_a_perceptron_has_one_rectified_layer(rng: np.random.Generator) -> None:
    layer, x = Perceptron(5, 3, rng, "p"), normal(rng, 2, 5)
    stirred(layer)
    close(layer(x), perceptron(layer, x))


def test_masked_mean_counts_only_what_is_present(rng: np.random.Generator) -> None:
    x = normal(rng, 2, 3, 4)
    found = masked_mean(tf.constant(x), tf.constant([[1.0, 0, 1], [0, 0, 0]])).numpy()
    close(found, np.stack([(x[0, 0] + x[0, 2]) / 2, np.zeros(4)]))


# ---- the towers ----


def a_query(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One user and one query; every window is partly filled."""
    inputs = {
        "unigrams": rng.integers(1, 20, (1, 6)),
        "bigrams": rng.integers(1, 20, (1, 4)),
        "words": rng.integers(1, 20, (1, 5)),
        "history_words": rng.integers(1, 20, (1, 3, 5)),
        "realtime": rng.integers(1, 20, (1, 4, 5)),
        "short": rng.integers(1, 20, (1, 5, 5)),
        "long": rng.integers(1, 20, (1, 3, 4, 5)),
    }
    inputs["words"][0, 3:] = inputs["history_words"][0, 2:] = inputs["history_words"][0, 0, 2:] = 0
    inputs["realtime"][0, 3:] = inputs["short"][0, 4:] = inputs["long"][0, 1, 2:] = 0
    return {name: array.astype(np.int32) for name, array in inputs.items()}


def an_encoded_item(rng: np.random.Generator) -> dict[str, np.ndarray]:
    words = np.array([[3, 9, 0, 0]], np.int32)
    return {"item": np.array([4], np.int32), "title_words": words, "side": np.array([[1, 2, 3, 4]], np.int32)}


def test_the_papers_item_tower_is_the_id_and_tanh_of_the_title(tables: Tables, rng: np.random.Generator) -> None:
    tower, item = ItemTower(tables, PAPER, rng), an_encoded_item(rng)
    expected = tables.item.table.numpy()[4] + np.tanh(linear(tower.title, mean_word(tables, item["title_words"][0])))
    close(tower(**item)[0], expected)


def test_mgdspr_fuses_the_grains_with_what_each_window_answers(rng: np.random.Generator) -> None:
    model, inputs = Mgdspr(MODEL, VOCABULARIES, query_words=5, seed=0), a_query(rng)
    tower = model.query
    state = tower.encode_user(inputs)
    grains = tower.grains(inputs["unigrams"], inputs["bigrams"], inputs["words"], state)
    real, short = (
        piece(tower.encode(inputs[name]), present_of(inputs[name]), **extra).numpy()[0, :count]
        for piece, name, count, extra in (
            (tower.realtime, "realtime", 3, {"training": False}),
            (tower.short, "short", 4, {}),
        )
    )
    asked = grains.numpy()[0]
    long = tower.long.attend(grains, tower.long(inputs["long"]), tower.long.present(inputs["long"])).numpy()[0]
    tokens = [tower.fusion.cls.numpy()[0], asked, zero_attention(asked, real), zero_attention(asked, short), long]
    close(tower(inputs)[0], self_attention(tower.fusion.attention, np.concatenate(tokens))[0])


def test_the_dnn_is_a_perceptron_over_means(rng: np.random.Generator) -> None:
    model, inputs, item = Dnn(MODEL, VOCABULARIES, seed=0), a_query(rng), an_encoded_item(rng)
    stirred(model)
    tower, tables = model.query, model.query.tables

    def mean_behavior(ids: np.ndarray) -> np.ndarray:
        return np.mean([behavior(tables, tower.encode.join, row) for row in ids if row[0]], 0)

    asked = np.mean([mean_word(tables, row) for row in inputs["history_words"][0] if row.any()], 0)
    windows = [inputs["realtime"][0], inputs["short"][0], *inputs["long"][0]]
    pooled = [mean_word(tables, inputs["words"][0]), asked, *map(mean_behavior, windows)]
    close(tower(inputs)[0], perceptron(tower.perceptron, np.concatenate(pooled)))
    parts = [tables.item.table.numpy()[4], mean_word(tables, item["title_words"][0])]
    parts += [table.table.numpy()[i] for table, i in zip(tables.sides, item["side"][0], strict=True)]
    close(model.item(**item)[0], perceptron(model.item.perceptron, np.concatenate(parts)))


def test_the_text_model_is_a_linear_map_of_the_grains_and_of_the_title(rng: np.random.Generator) -> None:
    model, inputs, item = Text(MODEL, VOCABULARIES, query_words=5, seed=0), a_query(rng), an_encoded_item(rng)
    tables, tower = model.item.tables, model.query
    one, two = (
        t.table.numpy()[inputs[n][0]].mean(0) for t, n in ((tables.unigram, "unigrams"), (tables.bigram, "bigrams"))
    )
    seg = mean_word(tables, inputs["words"][0])
    embedded = tables.word(inputs["words"]) + tower.grains.positions
    sequence = tower.grains.transformer[0](embedded, tf.constant([[1.0, 1, 1, 0, 0]])).numpy()[0, :3].mean(0)
    grains = [one, two, seg, sequence, np.zeros(DIMS), one + two + seg + sequence]
    close(tower(inputs)[0], linear(tower.out, np.mean(grains, 0)))
    close(model.item(**item)[0], linear(model.item.out, mean_word(tables, item["title_words"][0])))
