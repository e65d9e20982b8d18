"""What can be said of each word of a query beside one item: how it is met, and what kind of word it is."""

import numpy as np

from multigrain.types import Bools, Float32s, Int64s
from trainer.teacher.matches import CERTAIN, Fields, Matches
from trainer.teacher.wordbook import Wordbook

EXACT, STEM, BOTH, INSIDE, COMPANY, HEAD_COMPANY, HEAD_STRENGTH = range(7)
SAME_FIGURE, OTHER_FIGURE = 9, 10
ELSEWHERE = slice(11, 14)
"""Columns that pair_features.py reads."""
IDF_SCALE = 10.0


def word_features(book: Wordbook, fields: Fields, found: Matches) -> Float32s:
    """[pairs, query words, features]; 0 where there is no word."""
    query = fields.query
    present = query > 0
    length = np.maximum(present.sum(1), 1)[:, None]
    title_length = np.maximum((fields.title > 0).sum(1), 1)[:, None]
    best = found.strength.argmax(2)
    met = found.strength.max(2) > CERTAIN
    columns = [
        found.exact.any(2),
        found.same_stem.any(2),
        np.maximum(found.both.max(2), found.joined.any(2)),
        found.inside.max(2),
        found.company.max(2),
        _at(fields.title_head, found.company),
        _at(fields.title_head, found.strength),
        np.where(met, best / title_length, 0),
        met & (best == 0),
        found.same_figure.any(2),
        found.other_figure.any(2) & ~found.same_figure.any(2),
        _in_field(book, query, fields.brand),
        _in_field(book, query, fields.category),
        _in_field(book, query, fields.attributes),
        book.idf[query] / IDF_SCALE,
        book.leads[query],
        book.heads[query],
        book.figures[query] > 0,
        book.known[query],
        np.arange(query.shape[1]) / length,
        np.arange(query.shape[1]) == fields.query_head[:, None],
        np.broadcast_to(1 / length, query.shape),
        found.joined.any(2),
    ]
    told: Float32s = np.stack(columns, 2, dtype=np.float32) * present[:, :, None]
    return told


def _at(places: Int64s, values: Float32s) -> Float32s:
    """[pairs, query]: of each pair the column of the title at its place."""
    return np.take_along_axis(values, places[:, None, None], 2)[:, :, 0]


def _in_field(book: Wordbook, query: Int64s, field: Int64s) -> Bools:
    asked, offered = book.stems[query][:, :, None], book.stems[field][:, None, :]
    there: Bools = ((asked == offered) & (asked > 0)).any(2)
    return there
