"""The towers of MMSE: what fresh ones find, what nobody's state is, and what the grains of reading B add up to."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.features.inputs import Vocabularies, item_inputs, query_inputs
from multigrain.features.windows import Windows
from multigrain.text.analyzer import analyze
from multigrain.text.vocabulary import Vocabulary
from multigrain.types import BehaviorColumns, Item
from tests.builders import a_behavior, an_item
from tests.small_training import small_config
from trainer.models.layers.grain_fusion import GrainFusion, grain_dims
from trainer.models.mmse import Mmse

WORDS = ("running", "shoes", "lamp", "oak", "desk", "bottle", "跑步鞋", "台灯")
GRAINS = tuple(dict.fromkeys(grain for word in WORDS for grain in analyze(word).unigrams))
OTHERS = Vocabulary(("sku-1", "sku-2"), 30)
VOCABULARIES = Vocabularies(
    unigram=Vocabulary(GRAINS, 50),
    bigram=OTHERS,
    word=Vocabulary(WORDS, 50),
    item=OTHERS,
    leaf=OTHERS,
    top=OTHERS,
    brand=OTHERS,
    shop=OTHERS,
)
CLICKS = BehaviorColumns.of([a_behavior(f"sku-{i}", minutes_ago=9 - i) for i in range(3)])
SOMEBODY, NOBODY = Windows(realtime=CLICKS, short=CLICKS, queries=("oak desk",)), Windows()


def model_of(*, dims: int = 16, seed: int = 0, **changes: object) -> Mmse:
    told = {"name": "mmse", "dims": dims, "transformer_layers": 2, **changes}
    return Mmse(small_config(model=told).model, VOCABULARIES, seed=seed)


def queries(model: Mmse, *asked: tuple[str, Windows]) -> np.ndarray:
    config = small_config(text={"query_unigrams": 24})
    inputs = query_inputs(asked, VOCABULARIES, config.text.to_floor(), config.windows.to_floor())
    return model.query(inputs).numpy()


def items(model: Mmse, *shown: Item) -> np.ndarray:
    return model.item(**item_inputs(shown, VOCABULARIES, small_config().text.to_floor())).numpy()


def test_vectors_of_both_towers_have_length_1() -> None:
    model = model_of()
    asked = queries(model, ("running shoes", SOMEBODY), ("running shoes", NOBODY), ("zxqvk", NOBODY), ("", SOMEBODY))
    shown = items(model, an_item(1), an_item(2, title=""), an_item(3, title="oak desk", brand=""))
    np.testing.assert_allclose(np.linalg.norm(asked, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(shown, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("query", ["running shoes", "runing shoes", "跑步鞋"])
def test_fresh_towers_find_what_shares_words_or_most_of_their_letters(query: str) -> None:
    titles = ("running shoes 跑步鞋", "oak desk", "desk lamp 台灯", "bottle")
    model = model_of(dims=128)
    scores = (
        items(model, *(an_item(i, title=title) for i, title in enumerate(titles))) @ queries(model, (query, NOBODY))[0]
    )
    assert scores.argmax() == 0
    assert scores[0] > scores[1:].max() + 0.2


def test_somebody_without_a_past_has_a_state_of_zeros_and_no_behaviour_to_find() -> None:
    model = model_of()
    config = small_config()
    inputs = query_inputs([("desk", NOBODY)], VOCABULARIES, config.text.to_floor(), config.windows.to_floor())
    for name, state in model.query.encode_user(inputs).items():
        np.testing.assert_array_equal(state.numpy(), np.zeros_like(state), err_msg=name)


def test_every_window_and_action_moves_the_vector() -> None:
    model = model_of()
    (nobody,) = queries(model, ("desk", NOBODY))
    for action in NOBODY.long:
        long = {**NOBODY.long, action: CLICKS}
        (somebody,) = queries(model, ("desk", Windows(long=long)))
        assert np.abs(somebody - nobody).max() > 1e-6, action
    for history in (Windows(realtime=CLICKS), Windows(short=CLICKS), Windows(queries=("oak",))):
        (somebody,) = queries(model, ("desk", history))
        assert np.abs(somebody - nobody).max() > 1e-6, history


def test_bigrams_are_not_read() -> None:
    model = model_of()
    config = small_config().text.to_floor()
    inputs = query_inputs([("oak desk", SOMEBODY)], VOCABULARIES, config, small_config().windows.to_floor())
    without = {**inputs, "bigrams": np.zeros_like(inputs["bigrams"])}
    np.testing.assert_array_equal(model.query(inputs).numpy(), model.query(without).numpy())


@pytest.mark.parametrize(("read", "alike"), [(False, True), (True, False)])
def test_an_item_is_known_by_its_id_only_where_ids_are_read(*, read: bool, alike: bool) -> None:
    one, other = items(model_of(item_ids=read), an_item(1, title="oak desk"), an_item(2, title="oak desk"))
    assert np.allclose(one, other, atol=1e-7) == alike


def test_both_towers_have_one_transformer_unless_titles_are_to_have_their_own() -> None:
    one, two = model_of(), model_of(shared_encoder=False)
    assert one.query.encoder is one.item.encoder
    assert two.query.encoder is not two.item.encoder
    assert two.query.words is two.item.words


@pytest.mark.parametrize("dims", [8, 30, 128])
def test_grains_have_as_many_dims_together_as_one_vector(dims: int) -> None:
    assert sum(grain_dims(dims)) == dims
    model = model_of(dims=dims, heads=2, post_fusion="grains")
    assert queries(model, ("desk", SOMEBODY)).shape == (1, dims)
    assert items(model, an_item(1)).shape == (1, dims)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-6, 6, width=32), min_size=3, max_size=3), st.integers(0, 2**16))
def test_one_product_of_joined_grains_is_the_weighted_sum_of_the_grains_products(told: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    fusion = GrainFusion(dims=16, features=5, rng=rng)
    fusion.told.assign(told)
    text, user, behavior, title = (rng.normal(size=(2, 16)).astype(np.float32) for _ in range(4))
    features = rng.normal(size=(2, 5)).astype(np.float32)
    weights = np.exp(told) / np.exp(told).sum()
    pairs = zip(fusion.query_grains(text, user, behavior), fusion.item_grains(title, features), strict=True)
    products = [np.sum(query.numpy() * item.numpy(), -1) for query, item in pairs]
    summed = sum(weight * product for weight, product in zip(weights, products, strict=True))
    joined = np.sum(fusion.query(text, user, behavior).numpy() * fusion.item(title, features).numpy(), -1)
    np.testing.assert_allclose(joined, summed, atol=1e-5)


def test_the_weights_of_grains_are_learnt_and_never_negative() -> None:
    model = model_of(post_fusion="grains")
    fusion = model.query.fusion
    assert isinstance(fusion, GrainFusion)
    inputs = item_inputs([an_item(1)], VOCABULARIES, small_config().text.to_floor())
    with tf.GradientTape() as tape:
        score = tf.reduce_sum(model.item(**inputs)[:, :3])
    assert np.abs(tape.gradient(score, fusion.told).numpy()).max() > 0
    fusion.told.assign([-50.0, 0.0, 50.0])
    assert fusion.weights().numpy().min() >= 0
    np.testing.assert_allclose(fusion.weights().numpy().sum(), 1.0, atol=1e-6)


def test_a_query_of_nobody_has_no_personal_grain() -> None:
    model = model_of(dims=16, post_fusion="grains")
    (nobody,) = queries(model, ("desk", NOBODY))
    np.testing.assert_array_equal(nobody[12:], np.zeros(4))  # 8 + 4 + 4
    # The text and the id grain have length 1 each, and a third of the weight: sqrt(2/3).
    np.testing.assert_allclose(np.linalg.norm(nobody), 0.81650, atol=1e-4)
