"""What a query was understood to demand."""

from dataclasses import dataclass

from multigrain.key_terms import TermSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One value that the query asks for, or that the shop keeps out of its answer."""

    value: str
    """As the catalogue has it: a brand, a '/'-joined category path, an attribute's value, or a word of titles."""
    confidence: float
    words: tuple[str, ...]
    """What of the query says so, in the units of `multigrain.text.terms`."""
    name: str = ""
    """Of an attribute, 'colour'; empty for the other kinds."""
    source: TermSource = TermSource.CATALOGUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Demands of one query: any of each kind, all kinds together. No demands of a kind: no rule of that kind.

    Attributes are a kind each by their name: any of the colours, and any of the sizes. Words are a kind each.
    """

    brands: tuple[Demand, ...] = ()
    categories: tuple[Demand, ...] = ()
    attributes: tuple[Demand, ...] = ()
    words: tuple[Demand, ...] = ()
    without_brands: tuple[Demand, ...] = ()
    """Kept out by the shop's own file; so with the next."""
    without_categories: tuple[Demand, ...] = ()

    @property
    def brand_names(self) -> tuple[str, ...]:
        return tuple(demand.value for demand in self.brands)

    @property
    def category_paths(self) -> tuple[str, ...]:
        return tuple(demand.value for demand in self.categories)
