"""Examples -> the impression groups of MMSE as fixed arrays with masks. Pure.

P_o (ordered) is a part of P_c (clicked), so it is a mask over it; P_u (seen and left alone) is an array of its own. The
caps are inferred: the paper gives none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Bools, ItemId
from trainer.configs.config import GroupsConfig
from trainer.data.example import Example

ABSENT_ROW = -1
"""Where a mask is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Catalogue rows of B searches, real items first in every row."""

    clicked: NDArray[np.int32]
    """[B, C], what was ordered first."""
    clicked_mask: Bools
    """[B, C]"""
    ordered_mask: Bools
    """[B, C], within `clicked_mask`."""
    unclicked: NDArray[np.int32]
    """[B, U], best rank first."""
    unclicked_mask: Bools
    """[B, U]"""


def group_impressions(examples: Sequence[Example], rows: Mapping[ItemId, int], caps: GroupsConfig) -> Groups:
    """`rows` are the items of the catalogue; one that has left it is left out."""
    clicked = np.full((len(examples), caps.clicked), ABSENT_ROW, np.int32)
    unclicked = np.full((len(examples), caps.unclicked), ABSENT_ROW, np.int32)
    ordered_mask = np.zeros(clicked.shape, np.bool_)
    for position, example in enumerate(examples):
        # An order is the rarest thing a user does: clicks must never push it over the cap.
        ordered = _known(example.ordered, rows)
        others = [row for row in _known(example.clicked, rows) if row not in ordered]
        _fill(clicked[position], ordered + others)
        _fill(unclicked[position], _known(example.unclicked, rows))
        ordered_mask[position, : min(len(ordered), caps.ordered)] = True
    return Groups(
        clicked=clicked,
        clicked_mask=clicked != ABSENT_ROW,
        ordered_mask=ordered_mask,
        unclicked=unclicked,
        unclicked_mask=unclicked != ABSENT_ROW,
    )


def _known(items: Sequence[ItemId], rows: Mapping[ItemId, int]) -> list[int]:
    return [rows[item_id] for item_id in items if item_id in rows]


def _fill(target: NDArray[np.int32], values: Sequence[int]) -> None:
    kept = values[: len(target)]
    target[: len(kept)] = kept
