"""The words of a catalogue: how rare each is, and which stand in the same titles.

Made from titles alone, never from judgments, so that it knows nothing of which pairs are good.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Float32s, Int64s
from trainer.teacher.texts import ItemWords

Floats = NDArray[np.float64]

ROUNDS = 4
"""Of the power iteration: more change the vectors no further."""
OVER = 16
"""Directions followed beside those that are kept; the last ones found are the least exact."""
WORD_SEEN_MIN = 2
"""A word of one title has no company to be known by."""
AT_ONCE = 100_000


@dataclass(frozen=True)
class Lexicon:
    """Rows are words; what is known of a word that is not here is said by wordbook.py."""

    words: tuple[str, ...]
    idf: Float32s
    """[words]"""
    vectors: Float32s
    """[words, dims], of length 1 or 0: near ones stand in the same titles (latent semantic analysis)."""
    leads: Float32s
    """[words]: how much of the time it begins the title, as brands do."""
    heads: Float32s
    """[words]: how much of the time it says what the thing is."""
    words_in_a_title: float
    """Mean."""
    rarest: float
    """The idf of a word that no title holds."""

    @cached_property
    def rows(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words)}

    def save(self, file: Path) -> None:
        np.savez(
            file,
            words=np.array("\n".join(self.words)),
            idf=self.idf,
            vectors=self.vectors,
            leads=self.leads,
            heads=self.heads,
            words_in_a_title=self.words_in_a_title,
            rarest=self.rarest,
        )

    @classmethod
    def load(cls, file: Path) -> "Lexicon":
        with np.load(file, allow_pickle=False) as arrays:
            return cls(
                words=tuple(str(arrays["words"]).split("\n")) if str(arrays["words"]) else (),
                idf=arrays["idf"],
                vectors=arrays["vectors"],
                leads=arrays["leads"],
                heads=arrays["heads"],
                words_in_a_title=float(arrays["words_in_a_title"]),
                rarest=float(arrays["rarest"]),
            )


def make_lexicon(items: Sequence[ItemWords], *, dims: int, seed: int) -> Lexicon:
    """Of the titles of a catalogue."""
    titles = [item.title for item in items if item.title]
    seen = Counter(word for title in titles for word in set(title))
    words = tuple(sorted(word for word, count in seen.items() if count >= WORD_SEEN_MIN))
    counts = np.array([seen[word] for word in words], np.float64)
    idf = idf_of(counts, len(titles))
    row = {word: number for number, word in enumerate(words)}
    # A set's own order is another one in every process.
    places = [[row[word] for word in dict.fromkeys(title) if word in row] for title in titles]
    title_of = np.repeat(np.arange(len(titles)), [len(place) for place in places])
    word_of = np.array([number for place in places for number in place], np.int64)
    heads = Counter(item.title[item.head] for item in items if item.title)
    return Lexicon(
        words=words,
        idf=idf,
        vectors=_vectors(title_of, word_of, idf, len(titles), dims=dims, seed=seed),
        leads=_share(Counter(title[0] for title in titles), words, counts),
        heads=_share(heads, words, counts),
        words_in_a_title=max(1.0, len(title_of) / max(1, len(titles))),
        rarest=float(idf_of(np.zeros(1), len(titles))[0]),
    )


def _share(seen: Counter[str], words: Sequence[str], counts: Floats) -> Float32s:
    """Drawn towards 0 for rare words, of which one title says little."""
    return (np.array([seen[word] for word in words]) / (counts + 1)).astype(np.float32)


def idf_of(counts: Floats, titles: int) -> Float32s:
    """As BM25 has it, never negative."""
    return np.log1p((titles - counts + 0.5) / (counts + 0.5)).astype(np.float32)


def _vectors(title_of: Int64s, word_of: Int64s, idf: Float32s, titles: int, *, dims: int, seed: int) -> Float32s:
    """The leading right singular vectors of the title-by-word matrix, by randomised power iteration.

    Never made dense: a product with it is one pass over its entries.
    """
    words = len(idf)
    if not len(word_of):
        return np.zeros((words, dims), np.float32)
    weight = idf[word_of]
    length = np.sqrt(np.bincount(title_of, weights=weight.astype(np.float64) ** 2, minlength=titles))
    weight = (weight / np.maximum(length[title_of], 1e-9)).astype(np.float32)
    by_word = np.argsort(word_of, kind="stable")
    basis = np.random.default_rng(seed).standard_normal((words, min(dims + OVER, words)), np.float32)
    for _ in range(ROUNDS):
        basis, _ = np.linalg.qr(basis)
        in_titles = _sums(weight, word_of, title_of, basis, titles)
        basis = _sums(weight[by_word], title_of[by_word], word_of[by_word], in_titles, words)
    left, scale, _ = np.linalg.svd(basis, full_matrices=False)
    vectors = np.zeros((words, dims), np.float32)
    kept = min(dims, left.shape[1])
    # Of the square of the matrix: its fourth root is the square root of the matrix's own.
    vectors[:, :kept] = left[:, :kept] * scale[:kept] ** 0.25
    return unit(vectors)


def _sums(weight: Float32s, source: Int64s, target: Int64s, rows: Float32s, count: int) -> Float32s:
    """[count, d]: for each target, which come in order, the weighted sum of its sources' rows."""
    total = np.zeros((count, rows.shape[1]), np.float32)
    for start in range(0, len(target), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        targets, first = np.unique(target[part], return_index=True)
        total[targets] += np.add.reduceat(rows[source[part]] * weight[part, None], first, axis=0)
    return total


def unit(vectors: Float32s) -> Float32s:
    """Rows of length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Float32s = (vectors / np.maximum(length, 1e-9)).astype(np.float32)
    return scaled
