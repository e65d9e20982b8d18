"""Choices -> how alike two items are: a cosine over users that chose both within some time, busy users counting less.

    alike(i, j) = sum over users u who chose i and j close together of  w(u,i) w(u,j) / log(2 + items of u)
                  / sqrt( sum of w(.,i)^2  *  sum of w(.,j)^2 )

Each pair is made from both ends, item after item, so nothing but one piece of the pairs is ever held.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.features.windows import HOUR_MS
from multigrain.types import Int64s
from trainer.data.neighbors.choices import Choices

PAIRS_AT_ONCE = 4_000_000
"""About 300 MB while they are sorted."""
UNIT = float(1 << 30)
"""What users give is summed in whole numbers of 1 / UNIT: such sums are the same in any order, on any machine."""

Float64s = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Item numbers and how alike they are, as columns of equal length, in order of both numbers."""

    items: Int64s
    others: Int64s
    alike: Float64s

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Piece:
    """Every pair of some items."""

    pairs: Pairs
    done: int
    """Choices that have been worked on so far."""


def pairs_of(choices: Choices, *, within_hours: float) -> Iterator[Piece]:
    """Every pair of different items that some user chose at most so far apart in time, in order."""
    close = _Close(choices, round(within_hours * HOUR_MS))
    held = _Sums.none()
    for positions, done in close.pieces():
        sums = _Sums.joined(held, close.sums(positions))
        # The next piece may go on with this piece's last item.
        whole, held = sums.before(int(choices.items[positions[-1]]))
        yield Piece(close.pairs(whole), done)
    yield Piece(close.pairs(held), len(choices))


@dataclass(frozen=True, slots=True)
class _Sums:
    """What users gave to each pair of items so far, in order of the pair's key: item * items + other."""

    keys: Int64s
    worths: Int64s
    items: int

    @classmethod
    def none(cls) -> "_Sums":
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), 1)

    @classmethod
    def of(cls, keys: Int64s, worths: Int64s, items: int) -> "_Sums":
        order = np.argsort(keys)
        keys, worths = keys[order], worths[order]
        firsts = np.flatnonzero(np.diff(keys, prepend=-1))
        return cls(keys[firsts], np.add.reduceat(worths, firsts) if len(firsts) else worths, items)

    @classmethod
    def joined(cls, one: "_Sums", other: "_Sums") -> "_Sums":
        if not len(one.keys):
            return other
        keys, worths = np.concatenate([one.keys, other.keys]), np.concatenate([one.worths, other.worths])
        return cls.of(keys, worths, other.items)

    def before(self, item: int) -> tuple["_Sums", "_Sums"]:
        """Those of the items before it, and the rest."""
        end = int(np.searchsorted(self.keys, item * self.items))
        return (
            _Sums(self.keys[:end], self.worths[:end], self.items),
            _Sums(self.keys[end:], self.worths[end:], self.items),
        )


class _Close:
    """Which choices stand close to which: those of the same user, at most `within_ms` earlier or later."""

    def __init__(self, choices: Choices, within_ms: int) -> None:
        self._choices, self._count = choices, len(choices.item_ids)
        # One clock for all users, on which two users' choices are never close.
        same_user = np.diff(choices.users, prepend=-1) == 0
        clock = np.cumsum(np.where(same_user, np.diff(choices.at_ms, prepend=0), within_ms + 1))
        self._from = np.searchsorted(clock, clock - within_ms, "left")
        self._to = np.searchsorted(clock, clock + within_ms, "right")
        self._by_item = np.argsort(choices.items, kind="stable")
        chosen = np.bincount(choices.users)
        self._shares = UNIT / np.log(2.0 + chosen)
        self._norms = np.sqrt(np.bincount(choices.items, choices.weights.astype(np.float64) ** 2))

    def pieces(self) -> Iterator[tuple[Int64s, int]]:
        """Positions of choices in order of their items, in pieces of about PAIRS_AT_ONCE pairs; and how many positions
        there have been."""
        reached = np.cumsum((self._to - self._from)[self._by_item])
        start = 0
        while start < len(reached):
            before = int(reached[start - 1]) if start else 0
            end = max(start + 1, int(np.searchsorted(reached, before + PAIRS_AT_ONCE, "right")))
            yield self._by_item[start:end], end
            start = end

    def sums(self, positions: Int64s) -> _Sums:
        """Over the pairs that these choices begin."""
        choices, counts = self._choices, (self._to - self._from)[positions]
        ones = np.repeat(positions, counts)
        # 0, 1, 2 ... for each choice, counted from where its neighbourhood begins.
        others = np.arange(len(ones)) - np.repeat(np.cumsum(counts) - counts - self._from[positions], counts)
        apart = ones != others
        ones, others = ones[apart], others[apart]
        worths = choices.weights[ones].astype(np.float64) * choices.weights[others] * self._shares[choices.users[ones]]
        keys = choices.items[ones].astype(np.int64) * self._count + choices.items[others]
        return _Sums.of(keys, np.rint(worths).astype(np.int64), self._count)

    def pairs(self, sums: _Sums) -> Pairs:
        items, others = np.divmod(sums.keys, max(self._count, 1))
        return Pairs(items, others, sums.worths / UNIT / (self._norms[items] * self._norms[others]))
