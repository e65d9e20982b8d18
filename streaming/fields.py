"""Checks of single fields of an event: a good value comes back, a bad one raises InvalidEvent with the field's name.

What passes here can be written to every store: a value that a store refuses for ever would stop the stream.
"""

import math
import re
from collections.abc import Mapping, Sequence

from multigrain.errors import InvalidEvent
from multigrain.types import ID_BYTES_MAX

TITLE_BYTES_MAX = 1024
NAME_BYTES_MAX = 256
"""Brand, shop, one category level, an attribute's name."""
CATEGORY_LEVELS_MAX = 16
CATEGORY_BYTES_MAX = 512
"""The whole path, joined by '/'."""
QUERY_BYTES_MAX = 1024
ATTRIBUTES_MAX = 256
ATTRIBUTE_BYTES_MAX = 4096
EXPOSED_MAX = 10_000
PRICE_MAX = 1e12
INT64_MAX = 2**63 - 1

EARLIEST_MS = 946_684_800_000
"""2000-01-01: an earlier time is seconds sent as milliseconds, or an unset clock."""
FUTURE_MS_MAX = 86_400_000
"""Clocks differ by minutes; a day ahead is a broken one, and would stay 'the newest behaviour' until then."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def an_id(field: str, value: str) -> str:
    # Nearly every id: a byte a character, and nothing among them that could be wrong.
    if 0 < len(value) <= ID_BYTES_MAX and value.isascii() and value.isprintable():
        return value
    _bytes_within(field, value, 1, ID_BYTES_MAX)
    if _CONTROL.search(value):
        raise InvalidEvent(field, f"has a control character: {value!r}", cure="send printable characters only")
    return value


def text(field: str, value: str, bytes_max: int) -> str:
    """Text that may be empty."""
    _bytes_within(field, value, 0, bytes_max)
    if "\x00" in value:
        raise InvalidEvent(field, "has a NUL character", cure="send text without it; no store can keep it")
    return value


def filled_text(field: str, value: str, bytes_max: int) -> str:
    if not value.strip():
        raise InvalidEvent(field, "is empty", cure="send what the shop shows")
    return text(field, value, bytes_max)


def category_path(field: str, levels: Sequence[str]) -> tuple[str, ...]:
    if not levels:
        raise InvalidEvent(field, "is empty", cure="send at least one level, the top category first")
    if len(levels) > CATEGORY_LEVELS_MAX:
        raise InvalidEvent(field, f"has {len(levels)} levels", cure=f"send at most {CATEGORY_LEVELS_MAX}")
    for level in levels:
        if not level.strip():
            raise InvalidEvent(field, f"has an empty level: {list(levels)}", cure="leave empty levels out")
        if "/" in level:
            raise InvalidEvent(field, f"has '/' in level {level!r}", cure="'/' joins levels: send each on its own")
        text(field, level, NAME_BYTES_MAX)
    _bytes_within(field, "/".join(levels), 1, CATEGORY_BYTES_MAX)
    return tuple(levels)


def attributes(field: str, values: Mapping[str, str]) -> dict[str, str]:
    if len(values) > ATTRIBUTES_MAX:
        raise InvalidEvent(field, f"has {len(values)} entries", cure=f"send at most {ATTRIBUTES_MAX}")
    return {
        filled_text(field, name, NAME_BYTES_MAX): text(field, value, ATTRIBUTE_BYTES_MAX)
        for name, value in values.items()
    }


def price(field: str, value: float) -> float:
    if not math.isfinite(value) or not 0 <= value <= PRICE_MAX:
        raise InvalidEvent(field, f"is {value}", cure=f"send a number from 0 to {PRICE_MAX:g}")
    return value


def stock(field: str, value: int) -> int:
    if value < 0:
        raise InvalidEvent(field, f"is {value}", cure="send 0 when nothing is left")
    return value


def source_version(field: str, value: int) -> int:
    if value < 1:
        raise InvalidEvent(field, f"is {value}", cure="send a number from 1 that grows with every change of the item")
    return value


def time_ms(field: str, at_ms: int, now_ms: int) -> int:
    if not EARLIEST_MS <= at_ms <= now_ms + FUTURE_MS_MAX:
        raise InvalidEvent(
            field,
            f"is {at_ms} ms since 1970",
            cure="send when it happened: after 2000, and not more than a day ahead of our clock",
        )
    return at_ms


def _bytes_within(field: str, value: str, low: int, high: int) -> None:
    length = len(value.encode("utf-8", "surrogatepass"))
    if length < low:
        raise InvalidEvent(field, "is empty", cure=f"send {low} to {high} bytes of UTF-8")
    if length > high:
        raise InvalidEvent(field, f"has {length} bytes ({value[:40]!r}...)", cure=f"send at most {high} bytes of UTF-8")
