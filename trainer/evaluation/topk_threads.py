"""How many threads multiply matrices. NumPy has no word for it, so the OpenBLAS inside its wheel is told in C.

A product spread over threads leaves all but one of them idle, or spinning, while its scores are looked through. Many
products at a time, of one thread each, keep every core at work from end to end.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np

_HELD = Lock()
"""The number is the process's: two that change it at a time would put back each other's."""
_SETTERS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads")


@contextmanager
def one_thread_a_product() -> Iterator[int]:
    """Inside, a product runs on the thread that asks for it. Yields how many threads one had before.

    It holds for the whole process until the end of the block, and a second caller waits for the first. Yields 1 and
    changes nothing where NumPy multiplies with something other than its wheel's OpenBLAS: there a product keeps its
    threads, and should be asked for from one thread.
    """
    blas = _openblas()
    if blas is None:
        yield 1
        return
    with _HELD:
        threads = blas.threads()
        blas.use(1)
        try:
            yield threads
        finally:
            blas.use(threads)


class _OpenBlas:
    def __init__(self, library: ctypes.CDLL, setter: str) -> None:
        self._set, self._get = library[setter], library[setter.replace("_set_", "_get_")]
        self._set.argtypes, self._set.restype = [ctypes.c_int], None
        self._get.argtypes, self._get.restype = [], ctypes.c_int

    def threads(self) -> int:
        return int(self._get())

    def use(self, threads: int) -> None:
        self._set(threads)


@cache
def _openblas() -> _OpenBlas | None:
    """NumPy's own, and not that of another package. None: it has none, or one without the functions."""
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs"):
        for path in folder.glob("*openblas*"):
            library = ctypes.CDLL(str(path))
            for setter in _SETTERS:
                if hasattr(library, setter):
                    return _OpenBlas(library, setter)
    return None
