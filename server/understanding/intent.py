"""What a query was understood to demand."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One value that the query asks for."""

    value: str
    """As the catalogue has it: a brand, or a '/'-joined category path."""
    confidence: float
    words: tuple[str, ...]
    """What of the query says so, in the units of `multigrain.text.terms`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Demands of one query: any of each kind, all kinds together. No demands of a kind: no rule of that kind."""

    brands: tuple[Demand, ...] = ()
    categories: tuple[Demand, ...] = ()

    @property
    def brand_names(self) -> tuple[str, ...]:
        return tuple(demand.value for demand in self.brands)

    @property
    def category_paths(self) -> tuple[str, ...]:
        return tuple(demand.value for demand in self.categories)
