"""Scored pairs of a query and an item: what a curve is fitted to, chosen by and measured on."""

from dataclasses import dataclass

from multigrain.types import Bools, Float32s, Int64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """n pairs of a few searches."""

    vectors: Float32s
    """[searches, dims]: of the query and its user."""
    search: Int64s
    """[n]: the search of each pair, a row of `vectors`."""
    scores: Float32s
    """[n]: vector of the search times vector of the item, as the index scores them."""
    good: Bools
    """[n]: the item is what the search wanted."""

    def of(self, chosen: Bools) -> "Pairs":
        """Those of some searches, [searches]."""
        pairs = chosen[self.search]
        numbers = chosen.cumsum() - 1
        return Pairs(
            vectors=self.vectors[chosen],
            search=numbers[self.search[pairs]],
            scores=self.scores[pairs],
            good=self.good[pairs],
        )
