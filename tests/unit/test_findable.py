"""The words by which a title is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain.text.findable import findable


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("防摔手机壳苹果", "手机壳"),
        ("夏季连衣裙子", "衣裙"),
        ("Sony WH-1000XM5 headphones", "wh1000xm5"),
        ("Sony WH-1000XM5 headphones", "1000xm5"),
        ("Sony WH1000XM5 headphones", "wh-1000xm5"),
        ("Apple iPhone15 case", "iphone 15"),
        ("Rug 30 x 40 cm", "30x40"),
        ("Rug 30x40cm", "30 40"),
        ("Shampoo 500ml", "500 毫升"),
        ("Men's belt", "men"),
        ("Men's belt", "mens"),
        ("나이키를 신다", "나이키"),
    ],
)
def test_a_query_shares_a_word_with_the_title_it_means(title: str, query: str) -> None:
    assert set(findable(title)) & set(findable(query))


def test_segmented_words_of_three_and_more_stand_behind_the_bigrams() -> None:
    assert findable("红色连衣裙") == ("红色", "色连", "连衣", "衣裙", "连衣裙")


def test_a_leftover_character_is_no_word_and_a_lone_one_is() -> None:
    assert "壳" not in findable("手机壳")
    assert findable("鞋") == ("鞋",)


@given(st.text(st.characters(exclude_categories=()), max_size=100))
def test_any_text_is_findable_by_each_word_once(text: str) -> None:
    words = findable(text)
    assert all(words)
    assert len(set(words)) == len(words)
