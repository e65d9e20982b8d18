"""Query, user and item -> the integer arrays that the towers read. The ONE place: the trainer's batches, the server's
requests and the publisher's item vectors all come through here, so training and serving cannot drift apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from multigrain.features.windows import LONG_TERM_ACTIONS, WindowConfig, Windows
from multigrain.text.analyzer import analyze, words_of
from multigrain.text.vocabulary import Vocabulary
from multigrain.types import BehaviorColumns, Item

Ints = NDArray[np.int32]
Inputs = Mapping[str, Ints]
"""Name of a tower input -> array. The names are the SavedModel's argument names."""

BEHAVIOR_FIELDS = ("item", "leaf", "top", "brand", "shop")
"""The last axis of every behaviour array, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLengths:
    """How many grains of each kind the towers read. Longer text is cut at the end."""

    query_unigrams: int = 40
    query_bigrams: int = 20
    query_words: int = 12
    title_words: int = 30


@dataclass(frozen=True)
class Vocabularies:
    """Every vocabulary of a bundle; one file each in its folder."""

    unigram: Vocabulary
    bigram: Vocabulary
    word: Vocabulary
    item: Vocabulary
    leaf: Vocabulary
    top: Vocabulary
    brand: Vocabulary
    shop: Vocabulary

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for entry in fields(self):
            getattr(self, entry.name).save(folder / f"{entry.name}.txt")

    @classmethod
    def load(cls, folder: Path) -> "Vocabularies":
        return cls(**{entry.name: Vocabulary.load(folder / f"{entry.name}.txt") for entry in fields(cls)})


def query_inputs(
    queries: Sequence[tuple[str, Windows]], vocabularies: Vocabularies, lengths: TextLengths, windows: WindowConfig
) -> dict[str, Ints]:
    """Inputs of the query tower for B (text, history) pairs:

    unigrams [B, U], bigrams [B, G], words [B, W], history_words [B, Q, W],
    realtime [B, R, 5], short [B, S, 5], long [B, 3, L, 5]; 0 is padding everywhere, on the right.
    """
    count = len(queries)
    arrays = {
        "unigrams": np.zeros((count, lengths.query_unigrams), np.int32),
        "bigrams": np.zeros((count, lengths.query_bigrams), np.int32),
        "words": np.zeros((count, lengths.query_words), np.int32),
        "history_words": np.zeros((count, windows.queries_length, lengths.query_words), np.int32),
        "realtime": np.zeros((count, windows.realtime_length, len(BEHAVIOR_FIELDS)), np.int32),
        "short": np.zeros((count, windows.short_length, len(BEHAVIOR_FIELDS)), np.int32),
        "long": np.zeros((count, len(LONG_TERM_ACTIONS), windows.long_length, len(BEHAVIOR_FIELDS)), np.int32),
    }
    for row, (text, history) in enumerate(queries):
        grains = analyze(text)
        arrays["unigrams"][row] = vocabularies.unigram.ids(grains.unigrams, lengths.query_unigrams)
        arrays["bigrams"][row] = vocabularies.bigram.ids(grains.bigrams, lengths.query_bigrams)
        arrays["words"][row] = vocabularies.word.ids(grains.words, lengths.query_words)
        for i, earlier in enumerate(history.queries):
            arrays["history_words"][row, i] = vocabularies.word.ids(words_of(earlier), lengths.query_words)
        _fill(arrays["realtime"][row], history.realtime, vocabularies)
        _fill(arrays["short"][row], history.short, vocabularies)
        for i, action in enumerate(LONG_TERM_ACTIONS):
            _fill(arrays["long"][row, i], history.long[action], vocabularies)
    return arrays


def item_inputs(items: Sequence[Item], vocabularies: Vocabularies, lengths: TextLengths) -> dict[str, Ints]:
    """Inputs of the item tower for B items: item [B], title_words [B, T], side [B, 4] (leaf, top, brand, shop)."""
    title_words = np.zeros((len(items), lengths.title_words), np.int32)
    for row, item in enumerate(items):
        title_words[row] = vocabularies.word.ids(words_of(item.title), lengths.title_words)
    side = [
        (
            vocabularies.leaf.id_of(item.leaf_category),
            vocabularies.top.id_of(item.top_category),
            vocabularies.brand.id_of(item.brand),
            vocabularies.shop.id_of(item.shop),
        )
        for item in items
    ]
    return {
        "item": np.array([vocabularies.item.id_of(item.item_id) for item in items], np.int32),
        "title_words": title_words,
        "side": np.array(side, np.int32).reshape(len(items), 4),
    }


def _fill(target: Ints, rows: BehaviorColumns, vocabularies: Vocabularies) -> None:
    """Writes the ids of `rows` into target [length, 5], from the start."""
    columns = (
        (rows.item_ids, vocabularies.item),
        (rows.leaf_categories, vocabularies.leaf),
        (rows.top_categories, vocabularies.top),
        (rows.brands, vocabularies.brand),
        (rows.shops, vocabularies.shop),
    )
    for position, (tokens, vocabulary) in enumerate(columns):
        target[: len(tokens), position] = [vocabulary.id_of(token) for token in tokens]
