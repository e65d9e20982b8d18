"""Where columns live: address space that is reserved once and filled from the front, so nothing in it ever moves.

A page takes memory when it is first written to, so what is reserved costs nothing. Knows no columns.
"""

import mmap
import os
import sys
import tempfile
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from multigrain.errors import InvalidConfig

RESERVED_BYTES = 1 << 36
"""Addresses, not memory. More than columns.ROWS_MAX items with the longest ids take."""

_PAGE_BYTES = mmap.ALLOCATIONGRANULARITY
# The kernel's number on x86 and ARM; mmap of Python 3.11 has no name for it. Without it Linux refuses to reserve more
# than the machine has.
_MAP_NORESERVE = 0x4000 if sys.platform == "linux" else 0


class Memory(Protocol):
    """Zeros at first. It is given back when nobody holds it, nor an array of it."""

    @property
    def buffer(self) -> mmap.mmap:
        """All of it; read-only where this process may only read."""
        ...


class PrivateMemory:
    """Of this process alone."""

    def __init__(self) -> None:
        self.buffer = mmap.mmap(-1, RESERVED_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE)


class SharedMemory:
    """Of every process that was given its file descriptor. It has no name: when the last ends, nothing is left."""

    def __init__(self, fd: int, buffer: mmap.mmap) -> None:
        self.fd = fd
        """To be passed on: `subprocess.Popen(..., pass_fds=[memory.fd])`. It has the same number there."""
        self.buffer = buffer

    @classmethod
    def create(cls) -> "SharedMemory":
        """Memory of its own, to read and to write."""
        fd = _nameless_file()
        os.ftruncate(fd, RESERVED_BYTES)
        return cls.to_write(fd)

    @classmethod
    def to_write(cls, fd: int) -> "SharedMemory":
        """What another process created. One process at a time may write. Takes the descriptor over."""
        return cls(fd, _mapped(fd, mmap.PROT_READ | mmap.PROT_WRITE))

    @classmethod
    def to_read(cls, fd: int) -> "SharedMemory":
        """What another process created and writes. Takes the descriptor over."""
        return cls(fd, _mapped(fd, mmap.PROT_READ))

    def close(self) -> None:
        """Closes the descriptor; what is mapped here stays, and can no longer be passed on."""
        os.close(self.fd)


class Space:
    """Parts a memory into arrays, front to back. Who asks for the same arrays in the same order finds them again."""

    def __init__(self, memory: Memory) -> None:
        self._buffer = memory.buffer
        self._next = 0

    def int64s(self, length: int) -> NDArray[np.int64]:
        return np.frombuffer(self._buffer, np.int64, length, self._taken(8 * length))

    def int32s(self, length: int) -> NDArray[np.int32]:
        return np.frombuffer(self._buffer, np.int32, length, self._taken(4 * length))

    def float32s(self, length: int) -> NDArray[np.float32]:
        return np.frombuffer(self._buffer, np.float32, length, self._taken(4 * length))

    def uint8s(self, length: int) -> NDArray[np.uint8]:
        return np.frombuffer(self._buffer, np.uint8, length, self._taken(length))

    def _taken(self, size: int) -> int:
        start = self._next
        self._next += -(-size // _PAGE_BYTES) * _PAGE_BYTES
        return start


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("multigrain-columns")
    with tempfile.TemporaryFile() as file:  # has no name, or loses it at once
        return os.dup(file.fileno())


def _mapped(fd: int, access: int) -> mmap.mmap:
    if os.fstat(fd).st_size != RESERVED_BYTES:
        raise InvalidConfig("fd", f"descriptor {fd} is not that of columns", cure="pass on SharedMemory.create().fd")
    return mmap.mmap(fd, RESERVED_BYTES, flags=mmap.MAP_SHARED, prot=access)
