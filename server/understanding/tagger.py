"""A query -> what it demands: longest match of a bundle's key terms, then guards, conflicts and the owner's word. Knows
no catalogue and no candidates.

Matched are Latin words and single CJK characters, so a term is found whatever stands beside it. Only a term of one CJK
character asks the segmenter: 鞋 is spoken of in '红色鞋', and not in '鞋架'.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from multigrain.key_terms import KeyTerm, TermKind, TermSource
from multigrain.text.analyzer import analyze
from multigrain.text.scripts import IS_CJK
from multigrain.text.terms import terms_of
from server.understanding.conflicts import decided
from server.understanding.departments import departments_aside
from server.understanding.guards import GUARDS, Guard
from server.understanding.intent import Demand, Intent
from server.understanding.owners_rules import NO_RULES, OwnersRules, Rule, obeyed, pinned
from server.understanding.phrases import Phrases
from server.understanding.plurals import other_numbers
from server.understanding.reach import Piece, silenced
from server.understanding.reading import Reading, Spoken, Standing, without_broader

FLOORS = {TermKind.BRAND: 0.6, TermKind.CATEGORY: 0.6, TermKind.ATTRIBUTE: 0.75, TermKind.WORD: 0.6}
"""Below it a term makes no rule: a rule drops candidates, so a guess costs more than it brings. Confidence is the share
of those who say the words and take nothing else. Who names a brand or a category has no use for the others; with
another attribute an item is still a substitute, so more people have to insist before it is dropped.
"""

# What search engines taught people to type, and what joins a list in Chinese; the terms would know no sign.
_MINUS = re.compile(r"(?<=\s)-(?=[^\W\d_])")
_LISTED = "、"


@dataclass(frozen=True, slots=True)
class Match:
    """The terms that a run of the query's words may stand for, or the guard that it is."""

    start: int
    end: int
    terms: tuple[KeyTerm, ...] = ()
    decided: tuple[KeyTerm, ...] = ()
    """Of the terms, those that the words stand for; empty: that cannot be said."""
    guard: Guard | None = None


class Tagger:
    """The dictionary of one generation, ready to be asked. Immutable."""

    def __init__(self, terms: Iterable[KeyTerm], *, floors: Mapping[TermKind, float] = FLOORS) -> None:
        known = list(terms)
        self._terms = Phrases([*((term.words, term) for term in known), *_in_other_numbers(known)])
        self._floors = floors

    def understand(self, query: str, rules: OwnersRules = NO_RULES) -> Intent:
        """What the query demands; nothing where dictionary and owner are unsure."""
        return self.read(query, rules).intent

    def read(self, query: str, rules: OwnersRules = NO_RULES) -> Reading:
        """Everything that the query speaks of, and what became of it."""
        reading = pinned(rules, terms_of(query)) if rules.pins else None
        if reading is not None:
            return reading
        units = terms_of(_with_signs_said(query))
        matches = longest_first(_without_parts_of_words(self._matches(units, rules), units, query))
        silent = _silent_units(matches, units)
        spoken = [one for match in matches for one in self._spoken(match, units, silent.get(match.start, ""))]
        spoken = departments_aside(spoken, floor=self._floors[TermKind.ATTRIBUTE])
        return Reading(tuple(without_broader(obeyed(spoken, _rules_said(rules, units, silent)))))

    def _matches(self, units: Sequence[str], rules: OwnersRules) -> Sequence[Match]:
        """A guard before a term of the same words, and the owner's terms before the catalogue's."""
        found: dict[tuple[int, int], Match] = {}
        for terms in (self._terms, rules.synonyms):
            for run in terms.runs(units):
                found[run.start, run.end] = Match(run.start, run.end, run.entries, decided(run.entries))
        for guard in GUARDS.runs(units):
            found[guard.start, guard.end] = Match(guard.start, guard.end, guard=guard.entries[0])
        return list(found.values())

    def _spoken(self, match: Match, units: Sequence[str], guard: str) -> Iterator[Spoken]:
        words = tuple(units[match.start : match.end])
        for term in match.terms:
            demand = Demand(
                value=term.value, confidence=term.confidence, words=words, name=term.name, source=term.source
            )
            if guard:
                yield Spoken(term.kind, demand, Standing.GUARDED, guard)
            elif term not in match.decided:
                yield Spoken(term.kind, demand, Standing.OUTWEIGHED)
            elif term.confidence < self._floors[term.kind]:
                yield Spoken(term.kind, demand, Standing.UNSURE)
            else:
                yield Spoken(term.kind, demand, Standing.DEMANDED)


def _in_other_numbers(terms: Sequence[KeyTerm]) -> Iterator[tuple[tuple[str, ...], KeyTerm]]:
    """Categories in the other number, unless the dictionary has those words for something. Of a misspelling there is
    none: 'tos' for toys would make 'to' one.
    """
    said = {term.words for term in terms}
    for term in terms:
        if term.kind is TermKind.CATEGORY and term.words and term.source is not TermSource.MISSPELLING:
            for words in other_numbers(term.words):
                if words not in said:
                    yield words, term


def _with_signs_said(query: str) -> str:
    """'shoes -nike' as 'shoes not nike', and 耐克、小米 as 耐克和小米."""
    if " -" in query:
        query = _MINUS.sub("not ", query)
    return query.replace(_LISTED, "和")


def _without_parts_of_words(matches: Sequence[Match], units: Sequence[str], query: str) -> Sequence[Match]:
    """Without those of one CJK character that the query holds only inside a longer word."""
    lone = {
        match.start
        for match in matches
        if match.terms and match.end - match.start == 1 and IS_CJK.match(units[match.start])
    }
    if not lone:
        return matches
    whole = frozenset(analyze(query).words)
    return [
        match
        for match in matches
        if match.end - match.start > 1 or match.start not in lone or units[match.start] in whole
    ]


def longest_first(matches: Iterable[Match]) -> list[Match]:
    """The matches that stay when a word may be used once: longer ones win, then earlier ones. In reading order.

    One that comes to nothing uses its words up as well: 'apple pie' must not leave apple to be a brand.
    """
    chosen: list[Match] = []
    used: set[int] = set()
    for match in sorted(matches, key=lambda match: (match.start - match.end, match.start)):
        span = range(match.start, match.end)
        if used.isdisjoint(span):
            used.update(span)
            chosen.append(match)
    return sorted(chosen, key=lambda match: match.start)


def _silent_units(matches: Sequence[Match], units: Sequence[str]) -> dict[int, str]:
    """Positions of units that a guard silences, each with the guard's words."""
    if not any(match.guard for match in matches):
        return {}
    starts, pieces, at = [], [], 0
    for match in matches:
        starts += [*range(at, match.start), match.start]
        pieces += [Piece((unit,)) for unit in units[at : match.start]]
        kind = match.decided[0].kind if match.decided else None
        pieces.append(Piece(tuple(units[match.start : match.end]), kind, match.guard))
        at = match.end
    starts += range(at, len(units))
    pieces += [Piece((unit,)) for unit in units[at:]]
    return {
        starts[position] + offset: guard.text
        for position, guard in silenced(pieces).items()
        for offset in range(len(pieces[position].units))
    }


def _rules_said(rules: OwnersRules, units: Sequence[str], silent: dict[int, str]) -> list[Rule]:
    """Rules whose phrase the query holds, and speaks of as something that it asks for."""
    return [
        rule
        for run in rules.rules.runs(units)
        if not silent.keys() & set(range(run.start, run.end))
        for rule in run.entries
    ]
