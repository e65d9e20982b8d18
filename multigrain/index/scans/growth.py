"""How every column in memory grows: into a fresh array, so that whoever reads the old one is not disturbed."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Kind = TypeVar("Kind", bound=np.generic)


def grown(column: NDArray[Kind], size: int) -> NDArray[Kind]:
    """The column with room for `size` rows; what is added is zero, and costs memory only when it is written."""
    larger = np.zeros((size, *column.shape[1:]), column.dtype)
    larger[: len(column)] = column
    return larger
