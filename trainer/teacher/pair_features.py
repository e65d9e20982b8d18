"""What can be said of a query and an item as a whole: how much of each is covered, in which order, how rare it is."""

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Bools, Float32s
from trainer.teacher import word_features as word
from trainer.teacher.matches import Fields, Matches
from trainer.teacher.wordbook import Wordbook

K1, B = 1.2, 0.75
"""Of BM25."""
TITLE_WORDS = 12.0
"""A title of usual length, for BM25."""
STEM_WORTH = 0.95


def pair_features(
    book: Wordbook, fields: Fields, found: Matches, words: Float32s, asked: Float32s, offered: Float32s
) -> Float32s:
    """[pairs, features]. `words`: of word_features. `asked`, `offered`: what query and title are about."""
    present = fields.query > 0
    idf, title_idf = book.idf[fields.query], book.idf[fields.title]
    length, title_length = np.maximum(present.sum(1), 1), np.maximum((fields.title > 0).sum(1), 1)
    total = np.maximum(idf.sum(1), 1e-6)
    met = np.maximum(np.maximum(words[:, :, word.EXACT], words[:, :, word.STEM] * STEM_WORTH), words[:, :, word.BOTH])
    anywhere = np.maximum(met, words[:, :, word.ELSEWHERE].max(2))
    meant = np.maximum(anywhere, words[:, :, word.COMPANY])
    covered, company = found.near.any(1), found.company.max(1)
    in_row, longest = _runs(found.near)
    scores = [_bm25(idf, hits.sum(2), title_length) for hits in (found.exact, found.same_stem)]
    head = words[np.arange(len(words)), fields.query_head]
    columns = [
        *(score / 10 for score in scores),
        *(score / total for score in scores),
        *((values * idf).sum(1) / total for values in (*np.moveaxis(words[:, :, : word.HEAD_COMPANY], 2, 0),)),
        *((values * idf).sum(1) / total for values in (anywhere, meant)),
        met.sum(1) / length,
        words[:, :, word.COMPANY].sum(1) / length,
        *(_least(values, present) for values in (met, meant, words[:, :, word.COMPANY])),
        (covered * title_idf).sum(1) / np.maximum(title_idf.sum(1), 1e-6),
        covered.sum(1) / title_length,
        (company * title_idf).sum(1) / np.maximum(title_idf.sum(1), 1e-6),
        *(np.take_along_axis(values, fields.title_head[:, None], 1)[:, 0] for values in (company, covered)),
        (asked * offered).sum(1),
        in_row / length,
        longest / length,
        length / 8,
        title_length / 16,
        total / length / word.IDF_SCALE,
        idf.max(1) / word.IDF_SCALE,
        words[:, :, word.OTHER_FIGURE].sum(1),
        words[:, :, word.SAME_FIGURE].sum(1),
        *(
            head[:, column]
            for column in (word.EXACT, word.STEM, word.BOTH, word.COMPANY, word.HEAD_COMPANY, word.HEAD_STRENGTH)
        ),
    ]
    return np.stack(columns, 1, dtype=np.float32)


def _bm25(idf: Float32s, times: NDArray[np.int64], title_length: NDArray[np.int64]) -> Float32s:
    soft = K1 * (1 - B + B * title_length / TITLE_WORDS)[:, None]
    score: Float32s = (idf * times * (K1 + 1) / (times + soft)).sum(1)
    return score


def _least(values: Float32s, present: Bools) -> Float32s:
    """Of the word that is met worst; 1 for a query without words."""
    least: Float32s = np.where(present, values, np.float32(1)).min(1)
    return least


def _runs(near: Bools) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[pairs]: how many words of the query are followed in the title as in the query, and how many so in a row."""
    follows = np.asarray((near[:, :-1, :-1] & near[:, 1:, 1:]).any(2))
    run = longest = np.zeros(len(near), np.int64)
    for place in range(follows.shape[1]):
        run = (run + 1) * follows[:, place]
        longest = np.maximum(longest, run)
    return follows.sum(1), longest
