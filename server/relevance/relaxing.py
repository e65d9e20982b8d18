"""Gives demands up where hardly an item of the catalogue meets them all. Pure: a case in, a looser case out.

Given up is what costs the user least: attributes first, and colours before the others, then words, then brands; of
each kind the least sure first. The category, the filters and what the shop keeps out stand: without them it is another
query.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from multigrain.text.folding import normalize
from server.relevance.policy import Judgement, count_passing, judge
from server.relevance.rule import Case
from server.request import RelevanceMode
from server.result import Candidates
from server.understanding.intent import Demand, Intent

COLOURS = frozenset({"colour", "color", "颜色", "颜色分类"})
"""Names of the attribute that people give up first: shops show the other colours beside each item."""


class Kind(IntEnum):
    """What may be given up, in this order."""

    COLOUR = 1
    ATTRIBUTE = 2
    WORD = 3
    BRAND = 4


@dataclass(frozen=True, slots=True)
class Clause:
    """Demands any of which will do. They are given up together: without one of them the others would demand more."""

    kind: Kind
    demands: tuple[Demand, ...]

    def told(self) -> tuple[str, ...]:
        """For people, a line a demand: 'colour red'."""
        return tuple(f"{self._name(demand)} {demand.value}" for demand in self.demands)

    @property
    def confidence(self) -> float:
        return max(demand.confidence for demand in self.demands)

    def _name(self, demand: Demand) -> str:
        return demand.name if self.kind <= Kind.ATTRIBUTE else self.kind.name.lower()


@dataclass(frozen=True, slots=True)
class Standard:
    """What candidates are held to."""

    asked: Case
    """With every demand of the query."""
    case: Case
    """Without those that were given up."""
    gone: tuple[Clause, ...] = ()
    """What was given up, in this order."""

    @property
    def given_up(self) -> tuple[str, ...]:
        """The same for people: 'colour red'."""
        return tuple(line for clause in self.gone for line in clause.told())


def as_asked(case: Case) -> Standard:
    """Nothing is given up."""
    return Standard(case, case)


def clauses_of(intent: Intent) -> list[Clause]:
    """What may be given up, in that order; equally sure ones as the query has them."""
    names = dict.fromkeys(demand.name for demand in intent.attributes)
    found = [
        *(Clause(_kind_of(name), tuple(one for one in intent.attributes if one.name == name)) for name in names),
        *(Clause(Kind.WORD, (demand,)) for demand in intent.words),
        *([Clause(Kind.BRAND, intent.brands)] if intent.brands else []),
    ]
    return sorted(found, key=lambda clause: (clause.kind, clause.confidence))


def relaxed(case: Case, mode: RelevanceMode, floor: int) -> Standard:
    """Gives up until `floor` items of the catalogue pass, or nothing is left to give up. Mode FILL only: STRICT wants
    the demands kept, DEMOTE has the others behind already.

    What was given up in vain is taken back, the surest first: where no red shoe is of the brand, but other brands have
    red ones, the brand goes and the colour stays. Where the floor cannot be reached, as many items as can be had are,
    for the fewest demands; where giving up brings nothing at all, nothing is given up.
    """
    order = clauses_of(case.intent)
    if mode is not RelevanceMode.FILL or not order:
        return as_asked(case)
    most = count_passing(case, mode, at_most=floor)
    gone: list[Clause] = []
    needed: list[Clause] = []
    for clause in order:
        if most >= floor:
            break
        gone.append(clause)
        found = count_passing(without(case, gone), mode, at_most=floor)
        if found > most:
            needed, most = list(gone), found
    # The last one brought something by itself, so it stays given up.
    for clause in reversed(needed[:-1]):
        fewer = [one for one in needed if one is not clause]
        if count_passing(without(case, fewer), mode, at_most=floor) >= most:
            needed = fewer
    return Standard(case, without(case, needed), tuple(needed))


def without(case: Case, gone: Collection[Clause]) -> Case:
    """The case without these clauses of its intent."""
    intent = case.intent
    attributes = _demands(gone, Kind.COLOUR, Kind.ATTRIBUTE)
    words, brands = _demands(gone, Kind.WORD), _demands(gone, Kind.BRAND)
    return replace(
        case,
        intent=replace(
            intent,
            attributes=tuple(demand for demand in intent.attributes if demand not in attributes),
            words=tuple(demand for demand in intent.words if demand not in words),
            brands=tuple(demand for demand in intent.brands if demand not in brands),
        ),
    )


def held_to(standard: Standard, candidates: Candidates, mode: RelevanceMode) -> Judgement:
    """Judges. What meets the query as it was asked comes before what meets it only without the given-up demands, and
    the latter's verdict names what it misses.
    """
    judgement = judge(standard.case, candidates, mode)
    if not standard.gone:
        return judgement
    # DEMOTE does just this, and drops none of them: they passed what it drops for.
    ordered = judge(standard.asked, judgement.kept, RelevanceMode.DEMOTE)
    return replace(judgement, kept=ordered.kept, kept_verdicts=ordered.kept_verdicts)


def _kind_of(name: str) -> Kind:
    return Kind.COLOUR if normalize(name) in COLOURS else Kind.ATTRIBUTE


def _demands(gone: Collection[Clause], *kinds: Kind) -> Sequence[Demand]:
    return [demand for clause in gone if clause.kind in kinds for demand in clause.demands]
