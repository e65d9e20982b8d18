"""Query, user and item -> the arrays that the towers read."""

from pathlib import Path

import numpy as np
import pytest

from multigrain.features.inputs import TextLengths, Vocabularies, item_inputs, query_inputs
from multigrain.features.windows import WindowConfig, Windows
from multigrain.text.vocabulary import Vocabulary
from multigrain.types import Action, BehaviorColumns
from tests.builders import a_behavior, an_item

LENGTHS = TextLengths(query_unigrams=6, query_bigrams=4, query_words=3, title_words=4)
WINDOWS = WindowConfig(realtime_length=2, short_length=3, long_length=2, queries_length=2)


def a_vocabulary(*tokens: str) -> Vocabulary:
    """Ids 1, 2, ... in the order given; anything else falls into the one bucket behind them."""
    return Vocabulary(tokens, buckets=1)


@pytest.fixture
def vocabularies() -> Vocabularies:
    return Vocabularies(
        unigram=a_vocabulary("r", "e", "d"),
        bigram=a_vocabulary("re", "ed"),
        word=a_vocabulary("red", "shoes", "adidas", "black"),
        item=a_vocabulary("sku-1", "sku-2"),
        leaf=a_vocabulary("running shoes"),
        top=a_vocabulary("sports"),
        brand=a_vocabulary("adidas", "puma"),
        shop=a_vocabulary("shop-1"),
    )


def inputs(*queries: tuple[str, Windows], vocabularies: Vocabularies) -> dict[str, np.ndarray]:
    return dict(query_inputs(queries, vocabularies, LENGTHS, WINDOWS))


def test_shapes_are_those_that_the_tower_declares(vocabularies: Vocabularies) -> None:
    arrays = inputs(("red", Windows()), ("shoes", Windows()), vocabularies=vocabularies)

    assert {name: array.shape for name, array in arrays.items()} == {
        "unigrams": (2, 6),
        "bigrams": (2, 4),
        "words": (2, 3),
        "history_words": (2, 2, 3),
        "realtime": (2, 2, 5),
        "short": (2, 3, 5),
        "long": (2, 3, 2, 5),
    }
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.int32)}


def test_a_word_is_its_id_and_padding_is_0(vocabularies: Vocabularies) -> None:
    arrays = inputs(("red shoes", Windows()), vocabularies=vocabularies)

    assert arrays["words"].tolist() == [[1, 2, 0]]


def test_an_empty_query_without_history_is_all_padding(vocabularies: Vocabularies) -> None:
    arrays = inputs(("", Windows()), vocabularies=vocabularies)

    assert not any(array.any() for array in arrays.values())


def test_a_long_query_is_cut_at_its_end(vocabularies: Vocabularies) -> None:
    arrays = inputs(("red shoes adidas black", Windows()), vocabularies=vocabularies)

    assert arrays["words"].tolist() == [[1, 2, 3]]


def test_a_behavior_is_its_item_leaf_top_brand_and_shop(vocabularies: Vocabularies) -> None:
    history = Windows(realtime=BehaviorColumns.of([a_behavior("sku-2", brand="puma")]))

    arrays = inputs(("red", history), vocabularies=vocabularies)

    assert arrays["realtime"].tolist() == [[[2, 1, 1, 2, 1], [0, 0, 0, 0, 0]]]


def test_long_term_actions_have_each_their_own_row(vocabularies: Vocabularies) -> None:
    bought = BehaviorColumns.of([a_behavior("sku-1", action=Action.ORDER)])
    history = Windows(long={Action.CLICK: BehaviorColumns(), Action.ORDER: bought, Action.COLLECT: BehaviorColumns()})

    arrays = inputs(("red", history), vocabularies=vocabularies)

    assert arrays["long"][0, :, 0, 0].tolist() == [0, 1, 0]


def test_earlier_queries_are_read_in_their_order(vocabularies: Vocabularies) -> None:
    arrays = inputs(("red", Windows(queries=("shoes", "adidas black"))), vocabularies=vocabularies)

    assert arrays["history_words"].tolist() == [[[2, 0, 0], [3, 4, 0]]]


def test_a_query_in_a_batch_is_what_it_is_alone(vocabularies: Vocabularies) -> None:
    first = ("red", Windows(realtime=BehaviorColumns.of([a_behavior("sku-1")])))
    second = ("shoes", Windows(queries=("red",)))

    together = inputs(first, second, vocabularies=vocabularies)

    for row, query in enumerate((first, second)):
        alone = inputs(query, vocabularies=vocabularies)
        for name, array in alone.items():
            np.testing.assert_array_equal(together[name][row], array[0], err_msg=name)


def test_an_item_is_its_id_title_and_sides(vocabularies: Vocabularies) -> None:
    arrays = item_inputs([an_item(1, title="red shoes"), an_item(2, title="", brand="")], vocabularies, LENGTHS)

    assert arrays["item"].tolist() == [1, 2]
    assert arrays["title_words"].tolist() == [[1, 2, 0, 0], [0, 0, 0, 0]]
    assert arrays["side"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 1]]


def test_no_items_are_empty_arrays(vocabularies: Vocabularies) -> None:
    arrays = item_inputs([], vocabularies, LENGTHS)

    assert {name: array.shape for name, array in arrays.items()} == {
        "item": (0,),
        "title_words": (0, 4),
        "side": (0, 4),
    }


def test_vocabularies_come_back_from_their_folder(vocabularies: Vocabularies, tmp_path: Path) -> None:
    vocabularies.save(tmp_path / "vocabulary")

    assert Vocabularies.load(tmp_path / "vocabulary") == vocabularies
    assert len(list((tmp_path / "vocabulary").iterdir())) == 8
