"""How a query was read: everything in it that the dictionary knows, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from multigrain.key_terms import TermKind
from server.understanding.intent import Demand, Intent


class Standing(StrEnum):
    """What became of a value that the query speaks of."""

    DEMANDED = "demanded"
    GUARDED = "guarded"
    """Spoken of and not asked for: 'not nike'."""
    UNSURE = "unsure"
    """Below the floor."""
    OUTWEIGHED = "outweighed"
    """The same words mean something else more surely, or as surely."""
    BROADER = "broader"
    """A narrower category is demanded as well: one that lies in this one, or of which this one is the department."""
    SET_ASIDE = "set aside"
    """By the shop's own file."""
    KEPT_OUT = "kept out"
    """By the shop's own file: items of it are not shown."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One value that the query speaks of."""

    kind: TermKind
    demand: Demand
    standing: Standing
    why: str = ""
    """Of the standing: the guard's words, or the owner's phrase; empty where it says enough."""


@dataclass(frozen=True, slots=True)
class Reading:
    """In reading order; what the shop's own file adds comes last."""

    spoken: tuple[Spoken, ...]
    pinned: bool = False
    """Whether the shop's own file says what this whole query means."""

    @property
    def intent(self) -> Intent:
        """What is demanded, and what is kept out. A value said twice counts once, as it is said most surely."""
        return Intent(
            brands=self._of(TermKind.BRAND),
            categories=self._of(TermKind.CATEGORY),
            attributes=self._of(TermKind.ATTRIBUTE),
            words=self._of(TermKind.WORD),
            without_brands=self._of(TermKind.BRAND, Standing.KEPT_OUT),
            without_categories=self._of(TermKind.CATEGORY, Standing.KEPT_OUT),
        )

    def _of(self, kind: TermKind, standing: Standing = Standing.DEMANDED) -> tuple[Demand, ...]:
        surest: dict[tuple[str, str], Demand] = {}
        for one in self.spoken:
            if one.kind is kind and one.standing is standing:
                key, demand = (one.demand.name, one.demand.value), one.demand
                if key not in surest or surest[key].confidence < demand.confidence:
                    surest[key] = demand
        return tuple(surest.values())


def is_demanded_category(one: Spoken) -> bool:
    return one.kind is TermKind.CATEGORY and one.standing is Standing.DEMANDED


def without_broader(spoken: Sequence[Spoken]) -> list[Spoken]:
    """Where 'sports running shoes' demands both, sports is said to be the broader one."""
    paths = dict.fromkeys(one.demand.value for one in spoken if is_demanded_category(one))
    inside = {path: other for path in paths for other in paths if other.startswith(f"{path}/")}
    return [
        Spoken(one.kind, one.demand, Standing.BROADER, inside[one.demand.value])
        if is_demanded_category(one) and one.demand.value in inside
        else one
        for one in spoken
    ]
