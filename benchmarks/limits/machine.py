"""Arithmetic and memory: the rates no search on this machine can beat."""

import numpy as np

from benchmarks.bench import seconds_of

GEMM_SIZE = 2048
COPY_BYTES = 256 << 20


def sgemm_gflops(*, repeats: int = 5) -> list[float]:
    """Rate of a square single-precision matrix product through NumPy's BLAS, in GFLOP/s."""
    rng = np.random.default_rng(0)
    left = rng.random((GEMM_SIZE, GEMM_SIZE), np.float32)
    right = rng.random((GEMM_SIZE, GEMM_SIZE), np.float32)
    out = np.empty_like(left)
    return [2 * GEMM_SIZE**3 / s / 1e9 for s in seconds_of(lambda: np.matmul(left, right, out=out), repeats=repeats)]


def read_gib_per_second(*, repeats: int = 5) -> list[float]:
    """Rate at which one thread reads memory (a sum over a block far larger than the caches), in GiB/s."""
    block = np.ones(COPY_BYTES // 4, np.float32)
    return [COPY_BYTES / s / (1 << 30) for s in seconds_of(block.sum, repeats=repeats)]
