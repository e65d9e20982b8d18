"""Rows of an index as Milvus takes them and gives them back: one message of columns, not a dict an item.

The vectors are most of it. Put into a protobuf list number by number, 1,000 of them (128 dims) take 50 ms; handed over
as the bytes that they are on the wire, a quarter of one.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from pymilvus.grpc_gen import milvus_pb2
from pymilvus.grpc_gen.schema_pb2 import (
    DataType,
    FieldData,
    FloatArray,
    LongArray,
    ScalarField,
    StringArray,
    VectorField,
)

from multigrain.index.hard_filter import CATEGORY_BYTES, NAME_BYTES, shortened
from multigrain.index.item_index import IndexRows
from multigrain.index.milvus_wire import KEY, REVISION, TITLE_BYTES, VECTOR
from multigrain.index.rows import parts, take
from multigrain.types import Float32s, Int64s

MESSAGE_ROWS = 5_000
MESSAGE_VECTOR_BYTES = 8 << 20
"""Of one write. Larger ones are hardly faster, and meet the server's limit of 64 MB."""


def messages(rows: IndexRows, partitions: int) -> Iterator[tuple[str, IndexRows]]:
    """The rows as they are sent: of one partition each, and not too many at once."""
    size = max(1, min(MESSAGE_ROWS, MESSAGE_VECTOR_BYTES // (4 * rows.vectors.shape[1])))
    for partition, own in _dealt(rows, partitions):
        for batch in parts(own, size):
            yield partition, batch


def partition_name(number: int) -> str:
    return f"p{number}"


def columns(rows: IndexRows) -> list[FieldData]:
    """The fields of an insert or an upsert."""
    return [
        _longs(KEY, rows.item_nos.tolist()),
        _vectors(rows.vectors),
        _texts("category", rows.categories, CATEGORY_BYTES),
        _texts("brand", rows.brands, NAME_BYTES),
        _texts("shop", rows.shops, NAME_BYTES),
        _longs("status", [int(status) for status in rows.statuses]),
        _texts("title", rows.titles, TITLE_BYTES),
        _longs(REVISION, rows.revisions.tolist()),
    ]


def index_rows(reply: milvus_pb2.QueryResults, dims: int) -> IndexRows:
    """The rows of a reply that has every field."""
    fields = {field.field_name: field for field in reply.fields_data}

    def longs(name: str) -> Int64s:
        return np.array(fields[name].scalars.long_data.data if name in fields else (), np.int64)

    def texts(name: str) -> list[str]:
        return list(fields[name].scalars.string_data.data) if name in fields else []

    vectors = np.array(fields[VECTOR].vectors.float_vector.data if VECTOR in fields else (), np.float32)
    return IndexRows(
        item_nos=longs(KEY),
        vectors=vectors.reshape(-1, dims),
        revisions=longs(REVISION),
        brands=texts("brand"),
        categories=texts("category"),
        shops=texts("shop"),
        statuses=longs("status").tolist(),
        titles=texts("title"),
    )


def long_column(reply: milvus_pb2.QueryResults, name: str) -> Int64s:
    """One field of whole numbers; empty when nothing was found."""
    data = next((field.scalars.long_data.data for field in reply.fields_data if field.field_name == name), ())
    return np.array(data, np.int64)


def _dealt(rows: IndexRows, partitions: int) -> Iterator[tuple[str, IndexRows]]:
    if partitions == 1:
        yield "", rows
        return
    homes = rows.item_nos % partitions
    for number in range(partitions):
        yield partition_name(number), take(rows, np.flatnonzero(homes == number))


def _longs(name: str, values: Sequence[int]) -> FieldData:
    return FieldData(type=DataType.Int64, field_name=name, scalars=ScalarField(long_data=LongArray(data=values)))


def _texts(name: str, values: Sequence[str], size: int) -> FieldData:
    cut = [shortened(value, size) for value in values]
    return FieldData(type=DataType.VarChar, field_name=name, scalars=ScalarField(string_data=StringArray(data=cut)))


def _vectors(vectors: Float32s) -> FieldData:
    packed = np.ascontiguousarray(vectors, "<f4").tobytes()
    # FloatArray has one field: its number and type in a byte, then how many bytes follow, then the numbers themselves.
    numbers = FloatArray.FromString(b"\x0a" + _varint(len(packed)) + packed)
    return FieldData(
        type=DataType.FloatVector,
        field_name=VECTOR,
        vectors=VectorField(dim=vectors.shape[1], float_vector=numbers),
    )


def _varint(number: int) -> bytes:
    """A length as protobuf writes it: seven bits a byte, the lowest first, the top bit saying that more follow."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])
