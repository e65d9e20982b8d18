"""Inner products of bytes by faiss, whose kernels use what the processor has. The one place that knows faiss.

faiss has no call for one query over codes that somebody else owns; the scanner of its inverted lists is just that.
It reads codes as bytes of 0 to 255 that mean -128 to 127. On x86 it takes the query as whole numbers as well, elsewhere
as floats: of a query of whole numbers both make the same sums.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigrain.errors import Missing
from multigrain.types import Float32s, Int64s

BIAS = 128
"""A byte means itself less this."""
_LOW_HALF = np.int64((1 << 32) - 1)


class Int8Kernel:
    """Of one length of vectors. May be used by many threads at once; while it compares, it lets other threads run."""

    def __init__(self, dims: int) -> None:
        self._faiss = _faiss()
        self._quantizer = self._faiss.ScalarQuantizer(dims, self._faiss.ScalarQuantizer.QT_8bit_direct_signed)

    def above(self, codes: NDArray[np.uint8], query: Float32s, least: Float32s, block: int) -> tuple[Int64s, Float32s]:
        """Rows of `codes` whose product with the whole-numbered `query` is above `least` of their block; the products.

        `block`: how many rows share an entry of `least`.
        """
        scanner = self._scanner(query)
        found = _Found(self._faiss)
        for number, start in enumerate(range(0, len(codes), block)):
            rows = codes[start : start + block]
            scanner.set_list(number, 0.0)
            scanner.scan_codes_range(
                len(rows), self._faiss.swig_ptr(rows), None, float(least[number]), found.of_one_query
            )
        labels, products = found.labels_and_products()
        # A label is the list's number in its upper half, and the row within the list in its lower.
        return (labels >> 32) * block + (labels & _LOW_HALF), products

    def products(self, codes: NDArray[np.uint8], query: Float32s) -> Float32s:
        """Of every row of `codes` [n, dims] with the whole-numbered `query`."""
        found = _Found(self._faiss)
        scanner = self._scanner(query)
        scanner.scan_codes_range(len(codes), self._faiss.swig_ptr(codes), None, -math.inf, found.of_one_query)
        return found.labels_and_products()[1]

    def _scanner(self, query: Float32s) -> Any:  # of faiss
        metric = self._faiss.METRIC_INNER_PRODUCT
        scanner = self._quantizer.select_InvertedListScanner(metric, None, True, None, False)
        scanner.set_query(self._faiss.swig_ptr(query))
        return scanner


class _Found:
    """Where faiss puts what it finds, and who frees it."""

    def __init__(self, faiss: Any) -> None:
        self._faiss = faiss
        self._result = faiss.RangeSearchResult(1)
        self._partial = faiss.RangeSearchPartialResult(self._result)
        self.of_one_query = self._partial.new_result(0)

    def labels_and_products(self) -> tuple[Int64s, Float32s]:
        """Copies: faiss frees its own arrays with the result."""
        self._partial.finalize()
        count = int(self._faiss.rev_swig_ptr(self._result.lims, 2)[1])
        labels: Int64s = self._faiss.rev_swig_ptr(self._result.labels, count).copy()
        products: Float32s = self._faiss.rev_swig_ptr(self._result.distances, count).copy()
        return labels, products


def _faiss() -> Any:  # its stubs leave out what is used here
    try:
        import faiss
    except ModuleNotFoundError:
        raise Missing("faiss is not installed: pip install 'multigrain[server]', or keep 32 bits") from None
    return faiss
