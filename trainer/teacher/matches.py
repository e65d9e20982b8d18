"""How each word of a query meets each word of the title beside it, for many pairs at once: [pairs, query, title]."""

from dataclasses import dataclass

import numpy as np

from multigrain.types import Bools, Float32s, Int64s
from trainer.teacher.wordbook import Wordbook

CERTAIN = 0.6
"""Of the pieces of two words so many shared: one word, spelt in two ways."""
STEM_STRENGTH, SPELLING_STRENGTH = 0.9, 0.85
"""Beside 1 for the word itself: of several words of a title the likeliest is the one that was meant."""


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Numbers of words, row by row of pairs; 0 fills up. Heads say where in the row the head stands, [pairs]."""

    query: Int64s
    query_joined: Int64s
    query_head: Int64s
    title: Int64s
    title_joined: Int64s
    title_head: Int64s
    brand: Int64s
    category: Int64s
    attributes: Int64s


@dataclass(frozen=True, kw_only=True)
class Matches:
    """All [pairs, query, title]."""

    exact: Bools
    same_stem: Bools
    joined: Bools
    """One of them is written in two words: dish washer, dishwasher."""
    both: Float32s
    """Share of the pieces of both that is shared."""
    inside: Float32s
    """Share of the query's word that the title's word holds."""
    company: Float32s
    """Cosine of what stands in titles beside them."""
    same_figure: Bools
    other_figure: Bools
    """The unit is the same and the number is not: 5gal and 2gal."""
    strength: Float32s
    """How surely the title's word is the query's, 0 to 1."""

    @property
    def near(self) -> Bools:
        """One word, as far as anybody can tell."""
        return self.strength > CERTAIN * SPELLING_STRENGTH


def match(book: Wordbook, fields: Fields) -> Matches:
    query, title = fields.query, fields.title
    asked, offered = query[:, :, None], title[:, None, :]
    there = (asked > 0) & (offered > 0)
    figure, other = book.figures[asked], book.figures[offered]
    numbers = (figure > 0) & (other > 0)
    place = book.alike.places(book.asked[asked], offered)
    both = np.append(book.alike.both, np.float32(0))[place]
    exact, same_stem = there & (asked == offered), there & (book.stems[asked] == book.stems[offered])
    joined = _joined(fields)
    strength = np.maximum(STEM_STRENGTH * (same_stem | joined), SPELLING_STRENGTH * both)
    return Matches(
        exact=exact,
        same_stem=same_stem,
        joined=joined,
        both=both,
        inside=np.append(book.alike.inside, np.float32(0))[place],
        company=book.in_queries[query] @ book.in_titles[title].transpose(0, 2, 1),
        same_figure=numbers & (figure == other),
        other_figure=numbers & (book.units[asked] == book.units[offered]) & (figure != other),
        strength=np.where(exact, np.float32(1), strength).astype(np.float32),
    )


def _joined(fields: Fields) -> Bools:
    """Both halves of a word in two are met by the whole."""
    in_query = (fields.query_joined[:, :, None] == fields.title[:, None, :]) & (fields.query_joined[:, :, None] > 0)
    in_query[:, 1:] |= in_query[:, :-1].copy()
    in_title = (fields.query[:, :, None] == fields.title_joined[:, None, :]) & (fields.query[:, :, None] > 0)
    in_title[:, :, 1:] |= in_title[:, :, :-1].copy()
    joined: Bools = in_query | in_title
    return joined
