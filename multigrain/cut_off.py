"""The cut-off of a bundle: how likely it is, by a vector score, that an item is what a query means, and when that is
too little.

    probability = sigmoid(slope * score + offset)
    slope       = exp(slope_weights . q + slope_bias)        q is the query's vector, so each query has a curve of its
    offset      = offset_weights . q + offset_bias           own; weights of zero make one curve for all of them

The slope is above 0, so for one query the likelier item is always the one with the higher score, and one score is the
least. The trainer fits and writes it, the server reads it: `cut_off.npz` in the bundle's relevance folder, or nothing.
"""

import io
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from multigrain.errors import BundleRefused
from multigrain.types import Float32s

FILE = "cut_off.npz"
SLOPE_EXPONENT_MAX = 30.0
"""Either way. e to the 30th is steeper than any score can tell, and far from what a float cannot hold."""
_VECTORS, _NUMBERS = ("slope_weights", "offset_weights"), ("slope_bias", "offset_bias", "least")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutOff:
    """Curves, one a query, and where they are cut."""

    slope_weights: Float32s
    """[dims]; so are the offset's."""
    slope_bias: float
    offset_weights: Float32s
    offset_bias: float
    least: float
    """The probability below which an item goes: above 0, below 1."""

    def curve(self, vector: Float32s) -> tuple[float, float]:
        """Slope and offset for a query of this vector, [dims]."""
        exponent = _dot(self.slope_weights, vector) + self.slope_bias
        slope = math.exp(min(max(exponent, -SLOPE_EXPONENT_MAX), SLOPE_EXPONENT_MAX))
        return slope, _dot(self.offset_weights, vector) + self.offset_bias

    def probabilities(self, vector: Float32s, scores: Float32s) -> NDArray[np.float64]:
        """How likely items of these scores are what the query means, [n]."""
        slope, offset = self.curve(vector)
        # Of tanh, because exp of a large number is none.
        return 0.5 + 0.5 * np.tanh((slope * scores.astype(np.float64) + offset) / 2)

    def least_score(self, vector: Float32s) -> float:
        """The score of which the probability is the least one: what scores below it goes."""
        slope, offset = self.curve(vector)
        return (math.log(self.least / (1 - self.least)) - offset) / slope


def save(cut_off: CutOff, folder: Path) -> None:
    """Writes it into a bundle's relevance folder; the same one gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(
        folder / FILE,
        slope_weights=cut_off.slope_weights.astype(np.float32),
        slope_bias=np.float64(cut_off.slope_bias),
        offset_weights=cut_off.offset_weights.astype(np.float32),
        offset_bias=np.float64(cut_off.offset_bias),
        least=np.float64(cut_off.least),
    )


def load(folder: Path, *, dims: int) -> CutOff | None:
    """That of a bundle; None: it has none. Raises BundleRefused naming what is wrong."""
    path = folder / FILE
    if not path.exists():
        return None
    cut_off = _read(path)
    if (problem := _problem(cut_off, dims)) is not None:
        raise BundleRefused(f"{path}: {problem}: fit it again, and export the bundle")
    return cut_off


def _read(path: Path) -> CutOff:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            return CutOff(
                slope_weights=_weights(arrays["slope_weights"]),
                slope_bias=_number(arrays["slope_bias"]),
                offset_weights=_weights(arrays["offset_weights"]),
                offset_bias=_number(arrays["offset_bias"]),
                least=_number(arrays["least"]),
            )
    except (KeyError, OSError, ValueError, TypeError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise BundleRefused(f"{path}: is no cut-off ({error!r}): fit it again, and export the bundle") from None


def _weights(array: NDArray[np.generic]) -> Float32s:
    return array.astype(np.float32, casting="same_kind")


def _number(array: NDArray[np.generic]) -> float:
    if array.size != 1:
        raise ValueError(f"an array of shape {array.shape} where one number belongs")
    return float(array.astype(np.float64, casting="same_kind").item())


def _problem(cut_off: CutOff, dims: int) -> str | None:
    """What would make it cut at random, or fail. None: nothing."""
    for name in _VECTORS:
        weights: Float32s = getattr(cut_off, name)
        if weights.shape != (dims,):
            return f"{name} are of shape {weights.shape}, the towers have {dims} dims"
        if not np.isfinite(weights).all():
            return f"{name} are not all numbers"
    for name in _NUMBERS:
        if not math.isfinite(getattr(cut_off, name)):
            return f"{name} is {getattr(cut_off, name)}"
    if not 0 < cut_off.least < 1:
        return f"least is {cut_off.least}, and a probability between 0 and 1 is wanted"
    return None


def _dot(weights: Float32s, vector: Float32s) -> float:
    return float(weights.astype(np.float64) @ vector)
