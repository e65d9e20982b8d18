"""Queries and items -> what the network reads of each pair.

What does not depend on the pair is worked out once for each query and each item; the rest a block of pairs at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.types import Float32s, Int64s, Item
from trainer.teacher.lexicon import Lexicon, unit
from trainer.teacher.matches import Fields, match
from trainer.teacher.pair_features import pair_features
from trainer.teacher.texts import (
    ATTRIBUTE_WORDS,
    BRAND_WORDS,
    CATEGORY_WORDS,
    QUERY_WORDS,
    TITLE_WORDS,
    QueryWords,
    read_item,
    read_query,
)
from trainer.teacher.word_features import word_features
from trainer.teacher.wordbook import Wordbook, make_wordbook

BLOCK = 4096
"""Pairs at a time: some 50 MB for each kind of match."""


@dataclass(frozen=True, slots=True)
class Features:
    """Of pairs, row by row."""

    words: Float32s
    """[pairs, query words, features of a word]"""
    present: Float32s
    """[pairs, query words]: 1 where there is a word."""
    pair: Float32s
    """[pairs, features of a pair]"""

    def take(self, rows: Int64s) -> "Features":
        return Features(self.words[rows], self.present[rows], self.pair[rows])


class PairReader:
    """Pairs of these queries and these items, as features."""

    def __init__(self, lexicon: Lexicon, queries: Sequence[str], items: Sequence[Item]) -> None:
        asked, offered = [read_query(query) for query in queries], [read_item(item) for item in items]
        book = make_wordbook(lexicon, (query.text for query in asked), (item.everything for item in offered))
        titles = [item.title for item in offered]
        self._book = book
        self._query, self._query_joined, self._query_head = _query_rows(book, asked)
        self._title, self._title_joined = book.rows(titles, TITLE_WORDS), book.joined_rows(titles, TITLE_WORDS)
        self._title_head = np.array([item.head for item in offered], np.int64)
        self._brand = book.rows([item.brand for item in offered], BRAND_WORDS)
        self._category = book.rows([item.category for item in offered], CATEGORY_WORDS)
        self._attributes = book.rows([item.attributes for item in offered], ATTRIBUTE_WORDS)
        self._query_about = _about(book.in_queries, book.idf, self._query)
        self._title_about = _about(book.in_titles, book.idf, self._title)

    def blocks(self, query_rows: Int64s, item_rows: Int64s) -> Iterator[Features]:
        """Features of the pairs (query_rows[i], item_rows[i]), in their order."""
        for start in range(0, len(query_rows), BLOCK):
            part = slice(start, start + BLOCK)
            yield self._features(query_rows[part], item_rows[part])

    def all(self, query_rows: Int64s, item_rows: Int64s) -> Features:
        """As one. For training; at least one pair."""
        blocks = list(self.blocks(query_rows, item_rows))
        return Features(
            np.concatenate([block.words for block in blocks]),
            np.concatenate([block.present for block in blocks]),
            np.concatenate([block.pair for block in blocks]),
        )

    def _features(self, queries: Int64s, items: Int64s) -> Features:
        fields = Fields(
            query=self._query[queries],
            query_joined=self._query_joined[queries],
            query_head=self._query_head[queries],
            title=self._title[items],
            title_joined=self._title_joined[items],
            title_head=self._title_head[items],
            brand=self._brand[items],
            category=self._category[items],
            attributes=self._attributes[items],
        )
        found = match(self._book, fields)
        words = word_features(self._book, fields, found)
        pair = pair_features(self._book, fields, found, words, self._query_about[queries], self._title_about[items])
        return Features(words, (fields.query > 0).astype(np.float32), pair)


def _query_rows(book: Wordbook, queries: Sequence[QueryWords]) -> tuple[Int64s, Int64s, Int64s]:
    texts = [query.text for query in queries]
    heads = np.array([query.head for query in queries], np.int64)
    return book.rows(texts, QUERY_WORDS), book.joined_rows(texts, QUERY_WORDS), heads


def _about(vectors: Float32s, idf: Float32s, texts: Int64s) -> Float32s:
    """[texts, dims]: the mean of a text's words, the rare ones counting more."""
    total = np.zeros((len(texts), vectors.shape[1]), np.float32)
    # A column at a time: [texts, words, dims] of a large catalogue would not fit.
    for place in range(texts.shape[1]):
        total += vectors[texts[:, place]] * idf[texts[:, place], None]
    return unit(total)
