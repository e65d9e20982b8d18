from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.channels.lexical_index import LexicalIndex

TITLES = {
    1: "Nike running shoes",
    2: "Adidas running shoes black",
    3: "Red summer dress",
    4: "Laptop stand 4.5 kg",
    5: "耐克 运动鞋",
    6: "Crème brûlée torch",
}


@pytest.fixture
def index() -> Iterator[LexicalIndex]:
    made = LexicalIndex()
    made.put(TITLES.items())
    yield made
    made.close()


def found(index: LexicalIndex, query: str, k: int = 10) -> list[int]:
    return index.search(query, k).item_nos.tolist()


def test_the_title_with_more_of_the_words_comes_first(index: LexicalIndex) -> None:
    assert found(index, "adidas running shoes") == [2, 1]


def test_scores_are_greater_for_better_titles(index: LexicalIndex) -> None:
    scores = index.search("adidas running shoes", 10).scores
    assert scores[0] > scores[1] > 0


def test_at_most_k_come_back(index: LexicalIndex) -> None:
    assert found(index, "running", 1) in ([1], [2])
    assert found(index, "running", 0) == []


def test_words_meet_as_the_analyzer_makes_them(index: LexicalIndex) -> None:
    assert found(index, "NIKE!") == [1]
    assert found(index, "4.5") == [4]
    assert found(index, "运动") == [5]
    assert found(index, "CRÈME") == [6]


@pytest.mark.parametrize(
    "query",
    ['"', "'; DROP TABLE titles; --", "NOT", "OR", "AND NEAR(", "nike*", "words:nike^2", "\x00", "-", "🥿", "( ) { }"],
)
def test_operators_of_the_query_language_are_plain_words(index: LexicalIndex, query: str) -> None:
    assert set(found(index, query)) <= {1}
    assert index.count() == 6


@given(st.text(max_size=60))
def test_no_text_can_break_a_search(text: str) -> None:
    index = LexicalIndex()
    index.put([(1, text), (2, "plain shoes")])
    assert set(found(index, text)) <= {1, 2}
    assert found(index, "plain")[:1] in ([1], [2])
    index.close()


def test_a_word_is_found_where_the_segmenter_cuts_the_title_otherwise() -> None:
    index = LexicalIndex()
    index.put([(1, "苹果手机壳防摔"), (2, "夏季连衣裙"), (3, "手表")])
    assert found(index, "手机壳") == [1]
    assert found(index, "机壳") == [1]
    assert found(index, "裙") == []
    assert found(index, "连衣裙子") == [2]
    index.close()


def test_a_title_with_the_whole_word_comes_before_one_with_its_pieces() -> None:
    index = LexicalIndex()
    index.put([(1, "连衣 衣裙 套装"), (2, "红色 连衣裙 套装"), (3, "手表"), (4, "耳机")])
    assert found(index, "连衣裙") == [2, 1]
    index.close()


def test_a_model_number_is_found_as_typed_and_in_parts() -> None:
    index = LexicalIndex()
    index.put([(1, "Sony WH-1000XM5 headphones"), (2, "Sony speaker")])
    for query in ("wh-1000xm5", "WH1000XM5", "wh 1000xm5", "1000xm5"):
        assert found(index, query) == [1], query
    index.close()


def overlapping_bigrams(text: str) -> set[str]:
    """What finds a CJK text without any segmenter: the oracle, written apart from the code under test."""
    return {run[i : i + 2] for run in text.split() for i in range(max(1, len(run) - 1))}


cjk = st.text(st.sampled_from("手机壳膜连衣裙红色百雀羚  "), min_size=1, max_size=12)


@given(st.lists(cjk, min_size=1, max_size=5), cjk)
def test_nothing_that_overlapping_bigrams_find_is_lost(titles: list[str], query: str) -> None:
    index = LexicalIndex()
    index.put(enumerate(titles))
    wanted = overlapping_bigrams(query)
    assert set(found(index, query)) >= {n for n, title in enumerate(titles) if wanted & overlapping_bigrams(title)}
    index.close()


def test_a_changed_title_is_found_by_its_new_words_only(index: LexicalIndex) -> None:
    index.put([(1, "Puma sandals")])
    assert found(index, "nike") == []
    assert found(index, "sandals") == [1]
    assert index.count() == 6


def test_a_removed_title_is_not_found(index: LexicalIndex) -> None:
    index.remove([2, 999])
    assert found(index, "running") == [1]


def test_a_long_query_is_answered(index: LexicalIndex) -> None:
    assert found(index, "nike " + " ".join(f"word{i}" for i in range(500))) == [1]


def test_many_hits_come_back_whole() -> None:
    index = LexicalIndex()
    index.put((number, f"shoes {number}") for number in range(1, 3001))
    assert sorted(found(index, "shoes", 5000)) == list(range(1, 3001))
    index.close()
