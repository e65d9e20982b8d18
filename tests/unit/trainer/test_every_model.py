"""What holds for every model and every switch, whatever is inside: batching, padding, emptiness, halves, export."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from multigrain.compiled_towers import compiled as compiled_tower
from multigrain.features.inputs import Vocabularies, item_inputs, query_inputs
from multigrain.features.windows import LONG_TERM_ACTIONS, Windows
from multigrain.saved_towers import (
    ENCODE_QUERY,
    ENCODE_USER,
    VECTOR,
    WHOLE,
    load_item_tower,
    load_query_tower,
)
from multigrain.text.vocabulary import Vocabulary
from multigrain.types import BehaviorColumns
from tests.builders import a_behavior, an_item
from tests.small_training import small_config
from trainer.models.layers.id_dropout import IdDropout
from trainer.models.layers.tables import Tables
from trainer.models.model import Model, make_model
from trainer.models.weights import named_weights
from trainer.publish.towers import save_towers
from trainer.randomness import dropout_from

SHAPES: dict[str, dict[str, Any]] = {  # Any: as pydantic takes them
    "mgdspr": {},
    "mgdspr of the paper": {"item_side_features": False},
    "mgdspr without grains": {"grains": "words"},
    "mgdspr without cls": {"fusion": "concat"},
    "mgdspr bare": {"grains": "words", "fusion": "concat"},
    "mgdspr with strangers": {"id_dropout": 0.3},
    "mmse": {"name": "mmse", "transformer_layers": 2},
    "mmse by grains": {"name": "mmse", "post_fusion": "grains"},
    "mmse of two encoders": {"name": "mmse", "shared_encoder": False},
    "mmse without ids": {"name": "mmse", "item_ids": False, "item_side_features": False},
    "dnn": {"name": "dnn"},
    "dnn without side features": {"name": "dnn", "item_side_features": False},
    "text": {"name": "text"},
    "bag": {"name": "bag"},
    "text by words": {"name": "text", "grains": "words"},
}
LENGTHS, WINDOWS = small_config().text.to_floor(), small_config().windows.to_floor()
KINDS = ("unigram", "bigram", "word", "item", "leaf", "top", "brand", "shop")
VOCABULARIES = Vocabularies(**{kind: Vocabulary(("sku-1", "sku-2"), 30) for kind in KINDS})


def some_history(clicks: int = 3) -> Windows:
    rows = BehaviorColumns.of([a_behavior(f"sku-{i}", minutes_ago=60 - i, brand=f"b{i}") for i in range(clicks)])
    long = {action: rows.take(range(min(i, clicks))) for i, action in enumerate(LONG_TERM_ACTIONS)}
    return Windows(realtime=rows, short=rows.take(range(min(2, clicks))), long=long, queries=("red dress", "shoes"))


QUERIES = [("red dress", some_history()), ("跑步鞋", Windows()), ("", Windows()), ("yoga mat", some_history(1))]
ITEMS = [an_item(1), an_item(2, title=""), an_item(3, brand="", shop="")]
NOTHING = [("", Windows())]


@pytest.fixture(scope="module", params=SHAPES)
def model(request: pytest.FixtureRequest) -> Model:
    return make_model(small_config(model=SHAPES[request.param]), VOCABULARIES)


def query_vectors(model: Model, queries: list[tuple[str, Windows]]) -> np.ndarray:
    return model.query(query_inputs(queries, VOCABULARIES, LENGTHS, WINDOWS)).numpy()


def item_vectors(model: Model, items: list) -> np.ndarray:
    return model.item(**item_inputs(items, VOCABULARIES, LENGTHS)).numpy()


def test_a_batch_of_n_equals_n_singles(model: Model) -> None:
    queries = np.concatenate([query_vectors(model, [query]) for query in QUERIES])
    np.testing.assert_allclose(query_vectors(model, QUERIES), queries, atol=1e-6)
    items = np.concatenate([item_vectors(model, [item]) for item in ITEMS])
    np.testing.assert_allclose(item_vectors(model, ITEMS), items, atol=1e-6)


def test_padding_never_changes_a_vector(model: Model) -> None:
    lengths = replace(LENGTHS, query_unigrams=30, query_bigrams=20, title_words=25)
    windows = replace(WINDOWS, realtime_length=9, short_length=11, long_length=7, queries_length=6)
    wider = model.query(query_inputs(QUERIES, VOCABULARIES, lengths, windows)).numpy()
    np.testing.assert_allclose(wider, query_vectors(model, QUERIES), atol=1e-6)
    wider = model.item(**item_inputs(ITEMS, VOCABULARIES, lengths)).numpy()
    np.testing.assert_allclose(wider, item_vectors(model, ITEMS), atol=1e-6)


@pytest.mark.parametrize("queries", [NOTHING, [("red dress", Windows())], QUERIES], ids=["nothing", "text", "mixed"])
def test_vectors_and_gradients_are_numbers_whatever_is_missing(model: Model, queries: list) -> None:
    inputs, items = query_inputs(queries, VOCABULARIES, LENGTHS, WINDOWS), item_inputs(ITEMS, VOCABULARIES, LENGTHS)
    with tf.GradientTape() as tape, dropout_from(tf.constant([1, 2])):
        vectors = model.query(inputs, training=True)
        scores = tf.matmul(vectors, model.item(**items, training=True), transpose_b=True)
        loss = tf.reduce_mean(tf.nn.log_softmax(scores))
    assert np.isfinite(vectors.numpy()).all()
    for variable, gradient in zip(
        model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True
    ):
        assert gradient is not None, f"{variable.name} is made, and nobody reads it"
        assert np.isfinite(tf.convert_to_tensor(gradient).numpy()).all(), variable.name


def test_a_query_vector_is_the_second_half_of_the_first(model: Model) -> None:
    inputs = query_inputs(QUERIES, VOCABULARIES, LENGTHS, WINDOWS)
    state = model.query.encode_user({name: inputs[name] for name in ("history_words", "realtime", "short", "long")})
    halves = model.query.encode_query(inputs["unigrams"], inputs["bigrams"], inputs["words"], state)
    np.testing.assert_array_equal(halves.numpy(), model.query(inputs).numpy())
    assert state
    assert all(tensor.dtype == tf.float32 and tensor.shape[0] == len(QUERIES) for tensor in state.values())
    assert not set(state) & set(inputs)


def test_the_state_of_a_user_does_not_know_the_query(model: Model) -> None:
    ask = [query_inputs([(text, some_history())], VOCABULARIES, LENGTHS, WINDOWS) for text in ("red dress", "yoga")]
    one, other = (model.query.encode_user(inputs) for inputs in ask)
    for name in one:
        np.testing.assert_array_equal(one[name].numpy(), other[name].numpy())


def test_exported_towers_equal_those_in_memory_whole_and_in_halves(model: Model, tmp_path: Path) -> None:
    inputs, items = query_inputs(QUERIES, VOCABULARIES, LENGTHS, WINDOWS), item_inputs(ITEMS, VOCABULARIES, LENGTHS)
    save_towers(tmp_path, model, inputs, items)
    signatures = tf.saved_model.load(str(tmp_path / "query_tower")).signatures
    assert set(signatures) == {WHOLE, ENCODE_USER, ENCODE_QUERY} == {"serving_default", "encode_user", "encode_query"}
    tower = load_query_tower(tmp_path)
    whole = tower.whole(inputs)[VECTOR]
    np.testing.assert_allclose(whole, model.query(inputs).numpy(), atol=1e-6)
    state = tower.user(inputs)
    np.testing.assert_allclose(tower.query({**inputs, **state})[VECTOR], whole, atol=1e-6)
    for name, array in model.query.encode_user(inputs).items():
        np.testing.assert_allclose(state[name], array.numpy(), atol=1e-6)
    found = load_item_tower(tmp_path)(items)[VECTOR]
    np.testing.assert_allclose(found, model.item(**items).numpy(), atol=1e-6)
    kept = {
        key.split("/")[1]
        for tower in ("query_tower", "item_tower")
        for key, _ in tf.train.list_variables(str(tmp_path / tower / "variables" / "variables"))
        if key.startswith("kept/")
    }
    assert kept == {name for name, _ in named_weights(model)}, "training can start from what was exported"


# The query towers that differ; what is else in SHAPES changes the item tower alone, and XLA takes its time.
@pytest.mark.slow
@pytest.mark.parametrize(
    "model", ["mgdspr", "mgdspr bare", "mmse", "mmse by grains", "dnn", "text", "bag"], indirect=True
)
def test_single_queries_are_the_same_compiled(model: Model, tmp_path: Path) -> None:
    inputs, items = query_inputs(QUERIES[:1], VOCABULARIES, LENGTHS, WINDOWS), item_inputs(ITEMS, VOCABULARIES, LENGTHS)
    save_towers(tmp_path, model, inputs, items)
    compiled = compiled_tower(load_query_tower(tmp_path))
    expected = model.query(inputs).numpy()
    np.testing.assert_allclose(compiled.whole(inputs)[VECTOR], expected, atol=1e-6)
    np.testing.assert_allclose(compiled.query({**inputs, **compiled.user(inputs)})[VECTOR], expected, atol=1e-6)


def test_one_seed_makes_one_model(model: Model, request: pytest.FixtureRequest) -> None:
    changes = SHAPES[request.node.callspec.params["model"]]
    same, other = (make_model(small_config(model=changes, run={"seed": seed}), VOCABULARIES) for seed in (0, 1))
    np.testing.assert_array_equal(query_vectors(same, QUERIES), query_vectors(model, QUERIES))
    np.testing.assert_array_equal(item_vectors(same, ITEMS), item_vectors(model, ITEMS))
    assert np.abs(query_vectors(other, QUERIES[:1]) - query_vectors(model, QUERIES[:1])).max() > 1e-4


@pytest.mark.parametrize(
    ("shape", "moves"), [("mgdspr bare", True), ("mmse", True), ("dnn", True), ("text", False), ("bag", False)]
)
def test_history_moves_every_model_but_the_one_that_reads_only_text(shape: str, *, moves: bool) -> None:
    model = make_model(small_config(model=SHAPES[shape]), VOCABULARIES)
    user, nobody = query_vectors(model, [("red dress", some_history()), ("red dress", Windows())])
    assert (np.abs(user - nobody).max() > 1e-5) == moves


@pytest.mark.parametrize("shape", ["mgdspr bare", "mmse"])
def test_a_model_trained_without_history_reads_none(shape: str) -> None:
    model = make_model(small_config(model={**SHAPES[shape], "history": False}), VOCABULARIES)
    user, nobody = query_vectors(model, [("red dress", some_history()), ("red dress", Windows())])
    np.testing.assert_array_equal(user, nobody)


def test_a_text_item_is_its_title_whatever_its_id_and_brand() -> None:
    model = make_model(small_config(model=SHAPES["text"]), VOCABULARIES)
    one, other, titled = item_vectors(model, [an_item(1, title="a b"), an_item(2, title="a b", brand="x"), an_item(1)])
    np.testing.assert_allclose(one, other, atol=1e-6)
    assert np.abs(one - titled).max() > 1e-4


def test_id_dropout_makes_a_share_of_training_items_strangers_and_none_in_inference() -> None:
    known, buckets = tuple(f"sku-{i}" for i in range(1000)), 50
    vocabularies = replace(VOCABULARIES, item=Vocabulary(known, buckets))
    drop = IdDropout(Tables(vocabularies, 8, 4, np.random.default_rng(0), ("item",)), 0.25)
    ids = tf.concat([tf.range(1, 1001), [0]], 0)  # 0 is padding
    np.testing.assert_array_equal(drop(ids, training=False), ids)
    with dropout_from(tf.constant([3, 4])):
        first, second = drop(ids, training=True).numpy(), drop(ids, training=True).numpy()
    for read in (first, second):
        moved = read != ids.numpy()
        assert 200 < moved.sum() < 300
        assert read[moved].min() >= 1001
        assert read[moved].max() <= 1050
        assert len(set(read[moved])) > 40, "over the buckets, and not into one"
        assert read[-1] == 0
    both = (first != ids.numpy()) & (second != ids.numpy())
    assert both.any()
    np.testing.assert_array_equal(first[both], second[both])  # an item is always the same stranger
