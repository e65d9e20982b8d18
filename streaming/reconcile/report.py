"""What a look at one generation found, counted, with some examples."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from multigrain.types import GenerationId
from streaming.reconcile.difference import Difference, Kind

EXAMPLES = 5
"""Of each kind. An index that is empty differs in every item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Differences of one kind."""

    kind: Kind
    found: int
    left: int
    """Of these, how many are there still."""
    examples: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One generation, looked at from its first item to its last."""

    generation_id: GenerationId
    items: int
    """That the catalogue holds, at the end."""
    rows: int
    """That the index holds, at the end."""
    sampled: int
    """How many vectors were computed again."""
    tallies: tuple[Tally, ...] = ()
    """Of the kinds that were found."""

    @property
    def found(self) -> int:
        return sum(tally.found for tally in self.tallies)

    @property
    def left(self) -> int:
        return sum(tally.left for tally in self.tallies)


class Tallies:
    """Counts differences as they are found, and keeps no more than the examples."""

    def __init__(self) -> None:
        self._found: Counter[Kind] = Counter()
        self._left: Counter[Kind] = Counter()
        self._examples: dict[Kind, list[Difference]] = {kind: [] for kind in Kind}

    def add(self, found: Sequence[Difference], left: Sequence[Difference]) -> None:
        """`left`: what is wrong with the same items after they were treated."""
        self._found.update(difference.kind for difference in found)
        self._left.update(difference.kind for difference in left)
        for difference in found:
            examples = self._examples[difference.kind]
            if len(examples) < EXAMPLES:
                examples.append(difference)

    def left(self, *kinds: Kind) -> int:
        return sum(self._left[kind] for kind in kinds)

    def taken(self) -> tuple[Tally, ...]:
        """In the order of Kind."""
        return tuple(
            Tally(kind=kind, found=self._found[kind], left=self._left[kind], examples=tuple(self._examples[kind]))
            for kind in Kind
            if self._found[kind] or self._left[kind]
        )
