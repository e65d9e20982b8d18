"""What words turned out to mean, and what a dictionary may take of that beside what it has.

A query is read by its longest match, which uses its words up. So a term must not hold another one of a different kind:
'red nike' as a colour would hide the brand. Nor need it hold one of the same meaning: 'red leather' is red already.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from multigrain.key_terms import KeyTerm, TermKind, TermSource
from trainer.data.key_terms.facts import Facts
from trainer.data.key_terms.runs import Words

NEARLY_ALL = 0.95
"""Of the items of a value, how many have another value too, that then goes without saying."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """Any of some values of one kind."""

    kind: TermKind
    name: str
    """Of an attribute; empty for the other kinds."""
    values: frozenset[str]

    def is_of_kind(self, other: "Meaning") -> bool:
        return (self.kind, self.name) == (other.kind, other.name)

    def is_said_by(self, other: "Meaning") -> bool:
        """Whether `other` asks for any of the same values."""
        return self.is_of_kind(other) and not self.values.isdisjoint(other.values)


Meanings = Mapping[Words, tuple[Meaning, ...]]
"""Of each way to say something, one meaning of a kind and name."""


def meanings_of(terms: Iterable[KeyTerm]) -> Meanings:
    values: dict[Words, dict[tuple[TermKind, str], set[str]]] = {}
    for term in terms:
        values.setdefault(term.words, {}).setdefault((term.kind, term.name), set()).add(term.value)
    return {
        words: tuple(Meaning(kind, name, frozenset(found)) for (kind, name), found in kinds.items())
        for words, kinds in values.items()
    }


def parts_within(words: Words) -> Iterator[Words]:
    """Everything shorter that stands in `words` without a gap."""
    for length in range(1, len(words)):
        for start in range(len(words) - length + 1):
            yield words[start : start + length]


def adds_something(words: Words, meaning: Meaning, known: Meanings, facts: Facts) -> bool:
    """Whether nobody knows `words`, and what is known inside of them is neither the same nor lost.

    Other values of the same kind may stand inside ('rose gold' holds 'gold'), and what all items of the meaning have
    anyway (儿童运动鞋, sneakers for children, holds 儿童, for children).
    """
    if words in known:
        return False
    inside = [inner for part in parts_within(words) for inner in known.get(part, ())]
    if any(meaning.is_said_by(inner) for inner in inside):
        return False
    return all(inner.is_of_kind(meaning) or _goes_without_saying(inner, meaning, facts) for inner in inside)


def _goes_without_saying(inner: Meaning, meaning: Meaning, facts: Facts) -> bool:
    of_meaning = facts.having(meaning.kind, meaning.name, meaning.values)
    of_both = facts.having(inner.kind, inner.name, inner.values, np.flatnonzero(of_meaning))
    return bool(np.count_nonzero(of_both) >= NEARLY_ALL * len(of_both))


def terms_for(words: Words, meaning: Meaning, confidence: float, source: TermSource) -> Iterator[KeyTerm]:
    """One for each value of the meaning."""
    for value in sorted(meaning.values):
        yield KeyTerm(
            kind=meaning.kind, name=meaning.name, value=value, words=words, confidence=confidence, source=source
        )
