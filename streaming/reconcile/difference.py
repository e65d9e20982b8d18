"""What can be wrong with an index, told by what the catalogue says."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Of several things that are wrong with an item, the first."""

    MISSING = "missing"
    """The catalogue has the item, the index no row of it."""
    SURPLUS = "surplus"
    """The index has a row of something that the catalogue does not have, or has no longer."""
    AHEAD = "ahead"
    """The row is of a version that the catalogue has not seen: its fence would refuse what the stream writes next."""
    STALE = "stale"
    """The row is of an older version, and a field of it has changed since."""
    WRONG_FIELD = "wrong field"
    """The row says that it is of this version, and a field of it is not."""
    WRONG_VECTOR = "wrong vector"
    """The item tower gives another vector."""
    UNCOUNTED = "uncounted"
    """Row by row nothing is wrong, and the index counts more or fewer of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is wrong."""

    kind: Kind
    item_no: int
    """0: with the index as a whole."""
    item_id: str = ""
    """Empty: the catalogue has no such item."""
    detail: str
    """What the index has, and what it should have."""
