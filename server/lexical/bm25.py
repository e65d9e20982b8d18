"""The formula: BM25 with k1 = 1.2 and b = 0.75, a word counted once a title.

So a title's score is one factor by its length, times the sum of the weights of the query's words that it holds.
"""

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Float32s, Int64s

K1 = 1.2
B = 0.75

STEP = 2.0**-13
"""Weights are multiples of it. 48 weights below 16 then add up exactly in 32-bit floats, in whatever order: two titles
that hold the same words have the same score, and their order does not hang on the segments they lie in."""


def weights(document_frequency: Int64s, count: int) -> Float32s:
    """By word. Never below one step: a word of every title says little, but its titles are still found by it."""
    idf = np.log1p((count - document_frequency + 0.5) / (document_frequency + 0.5))
    in_steps: Float32s = (np.maximum(np.round(idf / STEP), 1) * STEP).astype(np.float32)
    return in_steps


def norms(lengths: NDArray[np.integer], mean_length: float) -> Float32s:
    """By title: the factor by which its length raises or lowers its score."""
    longest = int(lengths[-1]) if len(lengths) else 0
    by_length = (K1 + 1) / (1 + K1 * (1 - B + B * np.arange(longest + 1) / max(mean_length, 1.0)))
    by_title: Float32s = by_length.astype(np.float32)[lengths]
    return by_title
