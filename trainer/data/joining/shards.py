"""Which shard a row lies in, and where in it: by the MD5 of the search id.

A hash shuffles and balances at once, needs no state, and is the same number on every engine. Read in the order of their
numbers, the shards are one sequence in the order of the hash.
"""

import math

import ibis
import ibis.expr.types as ir

PART, SHARD, PLACE = "part", "shard", "place"
"""Columns that say where a row goes; they are not written."""

ROWS_A_SHARD = 50_000
"""A shard is what a trainer holds decoded: with full histories 50,000 rows are about half a gigabyte."""

_HEX = "0123456789abcdef"
_DIGITS = 6
"""Of the hash; 16.7 million places are enough to cut shards from."""


def shards_for(rows: int, *, at_least: int) -> int:
    """How many shards: as many as were asked for, or more where they would pass ROWS_A_SHARD."""
    return max(at_least, math.ceil(rows / ROWS_A_SHARD))


def with_place(searches: ir.Table, shards: int) -> ir.Table:
    """`searches` with the columns SHARD and PLACE."""
    placed = searches.mutate(**{PLACE: searches.search_id.hexdigest("md5")})
    return placed.mutate(**{SHARD: shard_of(placed[PLACE], shards)})


def shard_of(place: ir.StringColumn, shards: int) -> ir.IntegerColumn:
    """The place's share of all places, times `shards`: equal ranges of the hash."""
    number = ibis.literal(0, type="int64")
    for digit in range(_DIGITS):
        number = number * len(_HEX) + ibis.literal(_HEX).find(place.substr(digit, 1))
    return (number * shards // len(_HEX) ** _DIGITS).cast("int32")
