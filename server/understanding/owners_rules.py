"""What the shop's owner says of queries, and how it changes what was understood. Knows no file.

Of what the rules say of one query the later in this list wins: a synonym, must, need not, must not, a pin.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from multigrain.key_terms import KeyTerm, TermKind, TermSource
from server.understanding.intent import Demand
from server.understanding.phrases import Phrases
from server.understanding.reading import Reading, Spoken, Standing

SURE = 1.0


@dataclass(frozen=True, slots=True)
class Claim:
    """'brand nike', 'colour red'."""

    kind: TermKind
    value: str
    name: str = ""
    """Of an attribute; empty for the other kinds."""

    def __str__(self) -> str:
        return f"{self.name or self.kind} {self.value}"


class Order(StrEnum):
    """What a query that holds a phrase must do."""

    MUST = "must"
    """Every item of the answer is of it; of several such lines, of any. In the place of what the query says of that
    kind."""
    NEED_NOT = "need not"
    """It is no demand, whatever the words say."""
    MUST_NOT = "must not"
    """No item of the answer is of it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the file about queries that hold a phrase."""

    phrase: tuple[str, ...]
    order: Order
    claim: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnersRules:
    """All of them; without arguments there are none."""

    synonyms: Phrases[KeyTerm] = field(default_factory=lambda: Phrases(()))
    rules: Phrases[Rule] = field(default_factory=lambda: Phrases(()))
    pins: Mapping[tuple[str, ...], tuple[Claim, ...]] = field(default_factory=dict)
    """By all the words of a query. Without claims: it demands nothing."""

    @property
    def count(self) -> int:
        return len(self.synonyms) + len(self.rules) + len(self.pins)


NO_RULES = OwnersRules()


def no_rules() -> OwnersRules:
    """Those of a shop whose owner says nothing."""
    return NO_RULES


def pinned(rules: OwnersRules, units: tuple[str, ...]) -> Reading | None:
    """What the whole query means by the owner's word. None: nothing is said of it."""
    claims = rules.pins.get(units)
    if claims is None:
        return None
    return Reading(tuple(_spoken(claim, units, Standing.DEMANDED) for claim in claims), pinned=True)


def synonym(claim: Claim, words: tuple[str, ...]) -> KeyTerm:
    """The owner's other name for a value."""
    return KeyTerm(
        kind=claim.kind, value=claim.value, words=words, confidence=SURE, name=claim.name, source=TermSource.OWNER
    )


def obeyed(spoken: Sequence[Spoken], rules: Iterable[Rule]) -> list[Spoken]:
    """What was spoken of, as these rules of the query's phrases would have it."""
    said = list(dict.fromkeys(rules))
    unwanted = [rule.claim for rule in said if rule.order is not Order.MUST]
    musts = [rule for rule in said if rule.order is Order.MUST and not _covered(rule.claim, unwanted)]
    instead = {(rule.claim.kind, rule.claim.name): str(rule.claim) for rule in musts}
    wanted = {rule.claim for rule in musts}
    kept = []
    for one in spoken:
        claim = Claim(one.kind, one.demand.value, one.demand.name)
        must = "" if claim in wanted else instead.get((claim.kind, claim.name), "")
        if one.standing is Standing.DEMANDED and (must or _covered(claim, unwanted)):
            kept.append(Spoken(one.kind, one.demand, Standing.SET_ASIDE, must))
        else:
            kept.append(one)
    kept += [_spoken(rule.claim, rule.phrase, Standing.DEMANDED) for rule in musts]
    kept += [_spoken(rule.claim, rule.phrase, Standing.KEPT_OUT) for rule in said if rule.order is Order.MUST_NOT]
    return kept


def _covered(claim: Claim, by: Sequence[Claim]) -> bool:
    """Whether it is one of them, or a category in one of them."""
    return any(
        claim == other or (claim.kind is other.kind is TermKind.CATEGORY and claim.value.startswith(f"{other.value}/"))
        for other in by
    )


def _spoken(claim: Claim, words: tuple[str, ...], standing: Standing) -> Spoken:
    demand = Demand(value=claim.value, confidence=SURE, words=words, name=claim.name, source=TermSource.OWNER)
    return Spoken(claim.kind, demand, standing)
