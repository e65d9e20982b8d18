"""Columns of numbers as protobuf lays them out, so that ten thousand of them need not become Python objects to be sent.

A packed repeated field on the wire is its number, its length in bytes, and the values: floats as they lie in memory,
small integers as a byte each.
"""

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Float32s

LENGTH_DELIMITED = 2
"""The wire type of a packed field."""
ONE_BYTE = 0x80
"""A varint below it is the byte itself."""


def packed_floats(field: int, values: Float32s) -> bytes:
    """The field of this number, `repeated float`."""
    return _packed(field, values.astype("<f4").tobytes())


def packed_small(field: int, values: NDArray[np.unsignedinteger]) -> bytes:
    """The field of this number, repeated integers or enums. Raises ValueError for a value of more than 7 bits."""
    if len(values) and values.max() >= ONE_BYTE:
        raise ValueError(f"field {field}: {values.max()} does not fit into one byte of a varint")
    return _packed(field, values.astype(np.uint8).tobytes())


def _packed(field: int, payload: bytes) -> bytes:
    return _varint(field << 3 | LENGTH_DELIMITED) + _varint(len(payload)) + payload if payload else b""


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= ONE_BYTE:
        out.append(number & (ONE_BYTE - 1) | ONE_BYTE)
        number >>= 7
    out.append(number)
    return bytes(out)
