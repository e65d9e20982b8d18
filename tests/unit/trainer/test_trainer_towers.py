"""The towers: what padding, emptiness and batching must not change, and each formula against NumPy."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from multigrain.features.inputs import Vocabularies, item_inputs, query_inputs
from multigrain.features.windows import LONG_TERM_ACTIONS, Windows
from multigrain.text.vocabulary import Vocabulary
from multigrain.types import Action, BehaviorColumns
from tests.builders import a_behavior, an_item
from tests.small_training import small_config
from trainer.models.layers.layer import masked_mean
from trainer.models.layers.residual_lstm import ResidualLstm
from trainer.models.layers.self_attention import SelfAttention, TransformerLayer
from trainer.models.layers.zero_attention import attend_or_nothing
from trainer.models.mgdspr import Mgdspr
from trainer.randomness import dropout_from

RNG = np.random.default_rng(1)
CONFIG = small_config()
LENGTHS, WINDOWS = CONFIG.text.to_floor(), CONFIG.windows.to_floor()
VOCABULARIES = Vocabularies(
    **{name: Vocabulary((), 50) for name in ("unigram", "bigram", "word", "item", "leaf", "top", "brand", "shop")}
)


def some_history(clicks: int = 3) -> Windows:
    rows = BehaviorColumns.of([a_behavior(f"sku-{i}", minutes_ago=60 - i, brand=f"b{i}") for i in range(clicks)])
    long = {a: rows.take([0]) if a is Action.CLICK else BehaviorColumns() for a in LONG_TERM_ACTIONS}
    return Windows(realtime=rows, short=rows.take(range(min(2, clicks))), long=long, queries=("red dress", "shoes"))


@pytest.fixture(scope="module")
def model() -> Mgdspr:
    return Mgdspr(CONFIG.model, VOCABULARIES, query_words=LENGTHS.query_words, seed=0)


def encode(model: Mgdspr, queries: list[tuple[str, Windows]]) -> np.ndarray:
    return model.query(query_inputs(queries, VOCABULARIES, LENGTHS, WINDOWS)).numpy()


def test_a_batch_of_n_equals_n_single_calls(model: Mgdspr) -> None:
    queries = [("red dress", some_history()), ("跑步鞋", Windows()), ("", Windows()), ("yoga", some_history(1))]
    singles = np.concatenate([encode(model, [query]) for query in queries])
    np.testing.assert_allclose(encode(model, queries), singles, atol=1e-6)


def test_nothing_at_all_gives_a_finite_vector(model: Mgdspr) -> None:
    assert np.isfinite(encode(model, [("", Windows())])).all()


def test_an_empty_history_gives_exactly_zero_behavior_vectors(model: Mgdspr) -> None:
    inputs = query_inputs([("red dress", Windows())], VOCABULARIES, LENGTHS, WINDOWS)
    tower = model.query
    state = tower.encode_user(inputs)
    grains = tower.grains(inputs["unigrams"], inputs["bigrams"], inputs["words"], state)
    for window in ("realtime", "short"):
        assert not attend_or_nothing(grains, state[f"{window}_rows"], state[f"{window}_present"]).numpy().any()
    assert not tower.long.attend(grains, state["long_means"], state["long_present"]).numpy().any()
    assert not grains.numpy()[0, 4].any(), "no earlier query: q_his_seq is zero"


def test_history_moves_the_vector(model: Mgdspr) -> None:
    with_history, without = encode(model, [("red dress", some_history()), ("red dress", Windows())])
    assert np.abs(with_history - without).max() > 1e-4


def test_padding_never_changes_a_query_vector(model: Mgdspr) -> None:
    query = [("red dress", some_history())]
    lengths = replace(LENGTHS, query_unigrams=30, query_bigrams=20)
    windows = replace(WINDOWS, realtime_length=9, short_length=11, long_length=7, queries_length=6)
    wider = model.query(query_inputs(query, VOCABULARIES, lengths, windows)).numpy()
    np.testing.assert_allclose(wider, encode(model, query), atol=1e-6)


def test_padding_never_changes_an_item_vector(model: Mgdspr) -> None:
    narrow = model.item(**item_inputs([an_item()], VOCABULARIES, LENGTHS)).numpy()
    wide = model.item(**item_inputs([an_item()], VOCABULARIES, replace(LENGTHS, title_words=25))).numpy()
    np.testing.assert_allclose(wide, narrow, atol=1e-6)


def test_grains_are_the_six_of_the_paper(model: Mgdspr) -> None:
    inputs = query_inputs([("red dress", some_history())], VOCABULARIES, LENGTHS, WINDOWS)
    state = model.query.encode_user(inputs)
    grains = model.query.grains(inputs["unigrams"], inputs["bigrams"], inputs["words"], state).numpy()[0]
    tables = model.query.encode.tables
    unigram, bigram, word = (t.table.numpy() for t in (tables.unigram, tables.bigram, tables.word))
    assert grains.shape == (6, 16)
    one, two, words = (ids[ids > 0] for ids in (inputs["unigrams"][0], inputs["bigrams"][0], inputs["words"][0]))
    np.testing.assert_allclose(grains[0], unigram[one].mean(0), atol=1e-6)
    np.testing.assert_allclose(grains[1], bigram[two].mean(0), atol=1e-6)
    np.testing.assert_allclose(grains[2], word[words].mean(0), atol=1e-6)
    earlier = np.stack([word[ids[ids > 0]].mean(0) for ids in inputs["history_words"][0]])
    weights = np.exp(earlier @ grains[2])
    np.testing.assert_allclose(grains[4], weights @ earlier / weights.sum(), atol=1e-6)
    np.testing.assert_allclose(grains[5], grains[:5].sum(0), atol=1e-6)


def test_item_is_its_id_plus_tanh_of_its_title_and_our_side_features(model: Mgdspr) -> None:
    inputs = item_inputs([an_item()], VOCABULARIES, LENGTHS)
    tower, tables = model.item, model.item.tables
    words = tables.word.table.numpy()[inputs["title_words"][0][inputs["title_words"][0] > 0]].mean(0)
    papers = tables.item.table.numpy()[inputs["item"][0]] + np.tanh(words @ tower.title.weight.numpy())
    assert tower.side is not None
    side = np.concatenate([t.table.numpy()[i] for t, i in zip(tables.sides, inputs["side"][0], strict=True)])
    vector = tower(**inputs).numpy()[0]
    np.testing.assert_allclose(vector, papers + side @ tower.side.weight.numpy(), atol=1e-6)


def test_zero_attention_is_softmax_over_the_rows_and_a_zero_row() -> None:
    queries, rows = RNG.normal(size=(1, 6, 4)).astype(np.float32), RNG.normal(size=(1, 3, 4)).astype(np.float32)
    kept = np.concatenate([np.zeros((1, 4)), rows[0, :2]])  # the third row is padding
    weights = np.exp(queries[0] @ kept.T)
    expected = weights / weights.sum(-1, keepdims=True) @ kept
    found = attend_or_nothing(queries, rows, tf.constant([[1.0, 1.0, 0.0]])).numpy()[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_zero_attention_lands_on_nothing_when_no_row_fits() -> None:
    query = np.array([[[10.0, 0.0]]], np.float32)
    against = np.array([[[-10.0, 0.0]]], np.float32)
    found = attend_or_nothing(query, against, tf.ones([1, 1])).numpy()
    assert np.abs(found).max() < 1e-6


def test_self_attention_is_scaled_dot_product_of_each_head() -> None:
    x = RNG.normal(size=(1, 3, 8)).astype(np.float32)
    layer = SelfAttention(8, 2, np.random.default_rng(0), "a")
    qkv = (x[0] @ layer.into.weight.numpy()).reshape(3, 3, 2, 4)
    heads = []
    for head in range(2):
        query, key, value = (qkv[:, part, head] for part in range(3))
        weights = np.exp(query @ key.T / np.sqrt(4))
        heads.append(weights / weights.sum(-1, keepdims=True) @ value)
    expected = np.concatenate(heads, -1) @ layer.out.weight.numpy()
    np.testing.assert_allclose(layer(x, tf.ones([1, 3])).numpy()[0], expected, atol=1e-5)
    np.testing.assert_allclose(layer.first(tf.constant(x)).numpy()[0], expected[0], atol=1e-5)


def test_absent_positions_change_nothing_and_come_out_zero() -> None:
    x = RNG.normal(size=(1, 3, 8)).astype(np.float32)
    present = tf.constant([[1.0, 1.0, 0.0]])
    attention = SelfAttention(8, 2, np.random.default_rng(0), "a")
    found = attention(x, present).numpy()
    np.testing.assert_allclose(found[:, :2], attention(x[:, :2], tf.ones([1, 2])).numpy(), atol=1e-6)
    assert not found[:, 2].any()
    transformer = TransformerLayer(8, 2, np.random.default_rng(0), "t")
    alone = transformer(tf.constant(x[:, :2]), tf.ones([1, 2])).numpy()
    np.testing.assert_allclose(transformer(tf.constant(x), present).numpy()[:, :2], alone, atol=1e-6)


def test_a_later_step_never_reaches_an_earlier_one_through_the_lstm() -> None:
    lstm = ResidualLstm(8, 2, 0.2, np.random.default_rng(0), "l")
    x = RNG.normal(size=(2, 5, 8)).astype(np.float32)
    changed = x.copy()
    changed[:, 3:] = 9.0
    before, after = lstm(x, training=False).numpy(), lstm(changed, training=False).numpy()
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(before[:, 3:] - after[:, 3:]).max() > 0.01


def test_dropout_is_for_training_only() -> None:
    lstm = ResidualLstm(8, 2, 0.5, np.random.default_rng(0), "l")
    x = RNG.normal(size=(1, 4, 8)).astype(np.float32)
    np.testing.assert_array_equal(lstm(x, training=False).numpy(), lstm(x, training=False).numpy())
    with dropout_from(tf.constant([1, 2])):
        dropped = lstm(x, training=True).numpy()
    assert np.abs(dropped - lstm(x, training=False).numpy()).max() > 0


def test_mean_over_nothing_is_zero() -> None:
    assert not masked_mean(tf.ones([1, 3, 2]), tf.zeros([1, 3])).numpy().any()


def test_one_seed_makes_one_model() -> None:
    one, same, other = (Mgdspr(CONFIG.model, VOCABULARIES, query_words=5, seed=seed) for seed in (1, 1, 2))
    query = [("red dress", some_history())]
    np.testing.assert_array_equal(encode(one, query), encode(same, query))
    assert np.abs(encode(one, query) - encode(other, query)).max() > 0.001


def test_both_towers_share_the_item_and_word_tables(model: Mgdspr) -> None:
    assert model.item.tables is model.query.encode.tables
    names = [variable.name for variable in model.trainable_variables]
    assert names.count("item_table:0") == names.count("word_table:0") == 1
