"""The shape of a way to cut searches apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trainer.evaluation.trial import Trial

NOWHERE = ""
"""The label of a search that is in no slice of a dimension."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way. The slice of a label is called `name: label`."""

    name: str
    labels: Callable[[Trial], Sequence[str]]
    """One for each search, NOWHERE among them."""
    order: tuple[str, ...] = ()
    """The labels as a reader expects them; those that are not among them follow by the alphabet."""
