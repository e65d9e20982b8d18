"""Which words are written alike: 'tolet' and 'toilet', 'bath' and 'bathroom', 手机 and 手机壳."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.types import Float32s, Int64s
from trainer.teacher.words import pieces

ALIKE_MIN = 0.3
"""Below that, two words share an ending and no meaning."""


@dataclass(frozen=True)
class Alike:
    """Pairs of words that share pieces, as sorted keys: word of the one side * `others` + word of the other."""

    keys: Int64s
    both: Float32s
    """Of the pieces of both, which share is shared (Dice)."""
    inside: Float32s
    """Of the pieces of the first word, which share the second one holds."""
    others: int

    def places(self, words: Int64s, others: Int64s) -> Int64s:
        """Of these pairs (of arrays that broadcast) the place in the columns; that of pairs which share nothing is
        behind the last.
        """
        wanted = words * self.others + others
        found = np.searchsorted(self.keys, wanted)
        inside = np.minimum(found, max(len(self.keys) - 1, 0))
        known = self.keys[inside] == wanted if len(self.keys) else np.zeros(wanted.shape, bool)
        return np.where(known, found, len(self.keys))


def find_alike(words: Sequence[str], others: Sequence[str]) -> Alike:
    """All pairs of a word and another that share at least ALIKE_MIN of their pieces."""
    postings: dict[str, list[int]] = defaultdict(list)
    sizes = np.zeros(len(others))
    for number, other in enumerate(others):
        found = pieces(other)
        sizes[number] = len(found)
        for piece in found:
            postings[piece].append(number)
    arrays = {piece: np.array(numbers, np.int64) for piece, numbers in postings.items()}
    keys, both, inside = [np.zeros(0, np.int64)], [np.zeros(0)], [np.zeros(0)]
    for number, word in enumerate(words):
        mine = pieces(word)
        lists = [arrays[piece] for piece in mine if piece in arrays]
        if not lists:
            continue
        near, shared = np.unique(np.concatenate(lists), return_counts=True)
        dice = 2 * shared / (len(mine) + sizes[near])
        kept = dice >= ALIKE_MIN
        keys.append(number * len(others) + near[kept])
        both.append(dice[kept])
        inside.append(shared[kept] / len(mine))
    return Alike(
        np.concatenate(keys),
        np.concatenate(both).astype(np.float32),
        np.concatenate(inside).astype(np.float32),
        len(others),
    )
