"""Vectors in 8 bits a component for the scan, with 8 more beside them for those that come near the top.

READ FIRST: `codes_of`. A vector is its peak, the largest of its components, times codes of 16 bits in two bytes, coarse
and fine. A search reads the coarse bytes of all, a quarter of what 32 bits read, and so finds what may be among the
best. The first thousand of these, and those about the k-th, are scored again from both bytes of the vector and of the
query, so that nearly the same items are found as with 32 bits. Of unit vectors such as models make, their scores are
then within 5e-5 of the true inner products; those between, in a top of thousands, are within 5e-3. (Of others: times
their lengths.) Where all components lie half a step from a code, n dims are off by up to 3 n / 64,516 of both peaks.

A peak for each vector, and not one for all: a long vector then takes no precision from the short ones, and none that is
written later can be beyond the range.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.index.scans.growth import grown
from multigrain.index.scans.int8_kernel import BIAS, Int8Kernel
from multigrain.index.scans.products import passing
from multigrain.index.scans.scan import Hits
from multigrain.types import Float32s, Int64s

Bytes = NDArray[np.uint8]

STEPS = 127
"""Coarse steps from zero to the peak."""
FINE_STEPS = 254
"""Fine steps in a coarse one: even, so that half a step to either side fits a signed byte."""
FULL_STEPS = STEPS * FINE_STEPS
BLOCK = 1 << 14
"""Places that share a bound on their peaks: 2 MiB of 128 components, about what a core's cache holds."""
FOR_PRODUCTS = 16
"""From so many queries on, a matrix product of the codes as floats is cheaper than as many scans."""
REFINED_FIRST = 1_024
"""Of a search's hits. To fetch the codes of ten thousand from all over the memory costs a third of the scan."""
ENCODED_AT_ONCE = 1 << 14


@dataclass(frozen=True, slots=True)
class Codes:
    """Vectors [n, dims]: a component is peak * (coarse * FINE_STEPS + fine) / FULL_STEPS, both without their BIAS."""

    coarse: Bytes
    fine: Bytes
    peaks: Float32s

    def vectors(self) -> Float32s:
        """As floats. A component that is the peak comes back exactly."""
        full = (self.coarse.astype(np.int16) - np.int16(BIAS)) * np.int16(FINE_STEPS)
        full += self.fine.astype(np.int16) - np.int16(BIAS)
        vectors: Float32s = full.astype(np.float32) / np.float32(FULL_STEPS) * self.peaks[:, None]
        return vectors


def codes_of(vectors: Float32s) -> Codes:
    """The nearest codes."""
    peaks = np.abs(vectors).max(axis=1, initial=0)
    unit = np.divide(vectors, peaks[:, None], out=np.zeros_like(vectors), where=peaks[:, None] > 0)
    full = np.rint(unit * np.float32(FULL_STEPS)).astype(np.int32)
    coarse = (full + FINE_STEPS // 2) // FINE_STEPS
    fine = full - coarse * FINE_STEPS
    return Codes((coarse + BIAS).astype(np.uint8), (fine + BIAS).astype(np.uint8), peaks)


class Int8Scan:
    """A Scan of two bytes a component, of which a search reads one. What it returns as stored is what it decodes."""

    def __init__(self, dims: int, size: int) -> None:
        self._kernel = Int8Kernel(dims)
        self._coarse = np.zeros((size, dims), np.uint8)
        self._fine = np.zeros((size, dims), np.uint8)
        self._peaks = np.zeros(size, np.float32)
        self._bounds = np.zeros(-(-size // BLOCK), np.float32)

    def grow(self, size: int) -> None:
        self._coarse, self._fine = grown(self._coarse, size), grown(self._fine, size)
        self._peaks, self._bounds = grown(self._peaks, size), grown(self._bounds, -(-size // BLOCK))

    def order(self, vectors: Float32s) -> Int64s:
        """By peak: blocks of like peaks have tight bounds, and a scan then keeps little that is not among the best."""
        return np.argsort(np.abs(vectors).max(axis=1, initial=0), kind="stable")

    def put(self, places: Int64s, vectors: Float32s) -> None:
        for start in range(0, len(places), ENCODED_AT_ONCE):
            some = places[start : start + ENCODED_AT_ONCE]
            codes = codes_of(vectors[start : start + ENCODED_AT_ONCE])
            # A bound is never lowered: one that is too high costs time, one that is too low would cost hits.
            np.maximum.at(self._bounds, some // BLOCK, codes.peaks)
            self._coarse[some], self._fine[some], self._peaks[some] = codes.coarse, codes.fine, codes.peaks

    def vectors(self, places: Int64s) -> Float32s:
        return Codes(self._coarse[places], self._fine[places], self._peaks[places]).vectors()

    def view(self, used: int) -> "Int8View":
        return Int8View(self._kernel, Codes(self._coarse[:used], self._fine, self._peaks), self._bounds)


class Int8View:
    """A View that finds by one byte and refines by two."""

    def __init__(self, kernel: Int8Kernel, codes: Codes, bounds: Float32s) -> None:
        self.used = len(codes.coarse)
        self._kernel = kernel
        self._codes, self._bounds = codes, bounds

    def wanted(self, k: int) -> int:
        """Rough scores put one in fifty of a top 1,000 behind it, one in twenty of a top 100; hardly one so far."""
        return k + max(256, k // 16)

    def rough_scores(self, queries: Float32s, places: Int64s) -> Float32s:
        asked = codes_of(queries)
        products = self._products(_whole(asked.coarse), self._codes.coarse.take(places, 0))
        return _scaled(products, self._codes.peaks[places], _units(asked))

    def scores(self, queries: Float32s, places: Int64s) -> Float32s:
        asked = codes_of(queries)
        coarse, fine, units = _whole(asked.coarse), _whole(asked.fine), _units(asked)
        scores = np.empty((len(queries), len(places)), np.float32)
        for start in range(0, len(places), BLOCK):
            some = places[start : start + BLOCK]
            codes = self._codes.coarse.take(some, 0)
            # Fine codes with fine codes would add no more than is lost by rounding to 16 bits.
            mixed = self._products(fine, codes) + self._products(coarse, self._codes.fine.take(some, 0))
            products = self._products(coarse, codes) + mixed / np.float32(FINE_STEPS)
            scores[:, start : start + len(some)] = _scaled(products, self._codes.peaks[some], units)
        return scores

    def above(self, queries: Float32s, floors: Float32s) -> Sequence[Hits]:
        asked = codes_of(queries)
        whole, units = _whole(asked.coarse), _units(asked)
        if len(queries) >= FOR_PRODUCTS:
            return self._by_products(whole, units, floors)
        return [self._by_kernel(whole[query], units[query], floors[query]) for query in range(len(queries))]

    def refined(self, query: Float32s, hits: Hits, k: int) -> Hits:
        """Scores the first again, and those about the edge. What lies between is among the best k as it is."""
        wanted = self.wanted(k)
        edge = max(REFINED_FIRST, 2 * k - wanted)
        bounds = [bound for bound in (REFINED_FIRST, edge, wanted) if bound < len(hits.scores)]
        order = np.argpartition(-hits.scores, bounds)[:wanted] if bounds else np.arange(len(hits.scores))
        # In the order of the memory, which is then read ahead.
        again = np.sort(np.concatenate([order[:REFINED_FIRST], order[edge:]]))
        scores = hits.scores.copy()
        scores[again] = self.scores(query[None], hits.places[again])[0]
        return Hits(hits.places[order], scores[order])

    def _products(self, whole: Float32s, codes: Bytes) -> Float32s:
        """Of each query of whole numbers with each row of codes: [B, n]."""
        if len(whole) >= FOR_PRODUCTS:
            return _float_products(whole, codes)
        return np.stack([self._kernel.products(codes, query) for query in whole])

    def _by_kernel(self, whole: Float32s, unit: Float32s, floor: np.float32) -> Hits:
        least = self._least_products(unit, floor)
        places, products = self._kernel.above(self._codes.coarse, whole, least, BLOCK)
        scores = _scaled(products, self._codes.peaks[places], unit)
        return Hits(places, scores).at(np.flatnonzero(scores > floor))

    def _least_products(self, unit: Float32s, floor: np.float32) -> Float32s:
        """Of each block, the product that a vector needs to be above the floor, if its peak is the block's highest."""
        if floor < 0:  # a vector with a lower peak may need less: all are looked at
            return np.full(len(self._bounds), -np.inf, np.float32)
        highest = np.maximum(self._bounds * unit, np.finfo(np.float32).tiny)
        with np.errstate(over="ignore"):  # where all are zeros, infinity is the answer
            # Rounded down: what is above the floor by a rounding only must not be lost here.
            least: Float32s = floor / highest * np.float32(1 - 1e-5)
        return least

    def _by_products(self, whole: Float32s, units: Float32s, floors: Float32s) -> Sequence[Hits]:
        def block(first: int, end: int) -> Float32s:
            products = _float_products(whole, self._codes.coarse[first:end])
            return _scaled(products, self._codes.peaks[first:end], units)

        return passing(block, self.used, floors, BLOCK // 2)


def _whole(codes: Bytes) -> Float32s:
    """Bytes as the whole numbers that they mean."""
    return codes.astype(np.float32) - np.float32(BIAS)


def _float_products(whole: Float32s, codes: Bytes) -> Float32s:
    """Sums of whole numbers, below 2**24 up to 1,040 dims: floats add them exactly, as the kernel does."""
    products: Float32s = whole @ _whole(codes).T
    return products


def _units(asked: Codes) -> Float32s:
    """What a product of coarse codes is worth, but for the vector's peak. [B, 1]"""
    units: Float32s = asked.peaks[:, None] / np.float32(STEPS * STEPS)
    return units


def _scaled(products: Float32s, peaks: Float32s, units: Float32s) -> Float32s:
    """Scores of products. One place, so that equal products get equal scores on every way."""
    products *= peaks
    products *= units
    return products
