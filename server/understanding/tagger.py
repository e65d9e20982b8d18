"""Longest match of a bundle's key terms in a query. Knows no catalogue and no candidates.

Matched are Latin words and single CJK characters, so a term is found whatever stands beside it. Only a term of one CJK
character asks the segmenter: 鞋 is spoken of in '红色鞋', and not in '鞋架'.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from multigrain.key_terms import KeyTerm, TermKind
from multigrain.text.analyzer import analyze
from multigrain.text.scripts import IS_CJK
from multigrain.text.terms import terms_of
from server.understanding.guards import is_guarded
from server.understanding.intent import Demand, Intent

CONFIDENCE_FLOOR = 0.6
"""Below it a term makes no rule: a rule drops candidates, so a guess costs more than it brings."""


@dataclass(frozen=True, slots=True)
class Match:
    """The terms that a run of the query's words may stand for."""

    start: int
    length: int
    terms: tuple[KeyTerm, ...]


class Tagger:
    """The dictionary of one generation, ready to be asked. Immutable."""

    def __init__(self, terms: Iterable[KeyTerm], *, floor: float = CONFIDENCE_FLOOR) -> None:
        by_words: dict[tuple[str, ...], list[KeyTerm]] = defaultdict(list)
        for term in terms:
            by_words[term.words].append(term)
        self._terms = {words: tuple(found) for words, found in by_words.items() if words}
        self._longest = max((len(words) for words in self._terms), default=0)
        self._floor = floor

    def understand(self, query: str) -> Intent:
        """What the query demands; nothing where the dictionary is unsure."""
        words = terms_of(query)
        demands: dict[TermKind, dict[str, Demand]] = {kind: {} for kind in TermKind}
        for match in longest_first(_without_parts_of_words(tuple(self._matches(words)), words, query)):
            # A guarded or unsure match still uses its words up: "apple pie" must not leave "apple" to be a brand.
            if is_guarded(words, match.start):
                continue
            for term in _one_kind(match.terms):
                if term.confidence >= self._floor:
                    demand = Demand(value=term.value, confidence=term.confidence, words=term.words)
                    demands[term.kind].setdefault(term.value, demand)
        return Intent(
            brands=tuple(demands[TermKind.BRAND].values()),
            categories=_narrowest(tuple(demands[TermKind.CATEGORY].values())),
        )

    def _matches(self, words: Sequence[str]) -> Iterator[Match]:
        for start in range(len(words)):
            for length in range(1, min(self._longest, len(words) - start) + 1):
                terms = self._terms.get(tuple(words[start : start + length]))
                if terms:
                    yield Match(start, length, terms)


def _without_parts_of_words(matches: Sequence[Match], words: Sequence[str], query: str) -> Sequence[Match]:
    """Without those of one CJK character that the query holds only inside a longer word."""
    lone = {match.start for match in matches if match.length == 1 and IS_CJK.match(words[match.start])}
    if not lone:
        return matches
    whole = frozenset(analyze(query).words)
    return [match for match in matches if match.length > 1 or match.start not in lone or words[match.start] in whole]


def longest_first(matches: Iterable[Match]) -> list[Match]:
    """The matches that stay when a word may be used once: longer ones win, then earlier ones. In reading order."""
    chosen: list[Match] = []
    used: set[int] = set()
    for match in sorted(matches, key=lambda match: (-match.length, match.start)):
        span = range(match.start, match.start + match.length)
        if used.isdisjoint(span):
            used.update(span)
            chosen.append(match)
    return sorted(chosen, key=lambda match: match.start)


def _one_kind(terms: Sequence[KeyTerm]) -> Sequence[KeyTerm]:
    """The terms of the surest kind: the same words cannot be a brand and a category at once. A tie is no demand."""
    surest = {
        kind: max((term.confidence for term in terms if term.kind is kind), default=-1.0)
        for kind in {term.kind for term in terms}
    }
    best = [kind for kind, confidence in surest.items() if confidence == max(surest.values())]
    return [term for term in terms if term.kind is best[0]] if len(best) == 1 else []


def _narrowest(categories: tuple[Demand, ...]) -> tuple[Demand, ...]:
    """Without those that lie above another one: 'sports running shoes' asks for running shoes."""
    paths = [demand.value for demand in categories]
    return tuple(demand for demand in categories if not any(path.startswith(f"{demand.value}/") for path in paths))
