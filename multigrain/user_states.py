"""What a query tower makes of its users before it knows their query, to be kept and used again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from multigrain.errors import BundleRefused
from multigrain.types import Float32s


@dataclass(frozen=True, slots=True)
class UserStates:
    """States of B users, by row. About 90 kB a user at the paper's size; what is in them is the model's affair."""

    bundle_id: str
    """The bundle that made them. Another one, even of the same shape, would read them as noise."""
    arrays: Mapping[str, Float32s]
    """Name -> [B, ...]"""

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    @property
    def size_bytes(self) -> int:
        """What keeping them costs."""
        return sum(array.nbytes for array in self.arrays.values())

    def take(self, rows: Sequence[int]) -> Self:
        """Copies of these rows, in this order, so that one user can be kept without all of their batch."""
        picked = np.asarray(rows, np.int64)
        return type(self)(self.bundle_id, {name: array[picked] for name, array in self.arrays.items()})

    @classmethod
    def joined(cls, states: Sequence["UserStates"]) -> Self:
        """All of them below one another; at least one. Raises BundleRefused when two bundles made them."""
        first = states[0]
        for other in states[1:]:
            other.check_made_by(first.bundle_id)
        names = first.arrays
        return cls(first.bundle_id, {name: np.concatenate([one.arrays[name] for one in states]) for name in names})

    def check_made_by(self, bundle_id: str) -> None:
        """Raises BundleRefused when another bundle made them."""
        if self.bundle_id != bundle_id:
            raise BundleRefused(
                f"user states were made by bundle {self.bundle_id}, and bundle {bundle_id} cannot read them: "
                "encode the users again"
            )
