"""A page of the catalogue as columns: what loading reads, without an object an item."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Float32s, Int64s

PAGE = 5_000
"""Rows at once. Fewer, and round trips cost more than reading; more, and a search waits longer for titles to be put."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """Items in order of revision, each once, as columns of equal length."""

    item_nos: Int64s
    item_ids: Sequence[str]
    titles: Sequence[str]
    brands: Sequence[str]
    category_paths: Sequence[tuple[str, ...]]
    shops: Sequence[str]
    attributes: Sequence[Mapping[str, str]]
    price: Float32s
    stock: NDArray[np.int32]
    """As far as the type reaches: more is as good as endless."""
    status: NDArray[np.uint8]
    """As ItemStatus numbers them."""
    revision: int
    """Of the last one."""

    def __len__(self) -> int:
        return len(self.item_nos)


class Pages(Protocol):
    """A catalogue that can be read so."""

    def page_since(self, revision: int, limit: int) -> ItemPage | None:
        """Items that changed after `revision`, removed ones too, `limit` at most; None: none did."""
        ...


def pages_since(catalogue: Pages, revision: int) -> Iterator[ItemPage]:
    """All that changed after `revision`. Each page is read when it is asked for, and may raise StoreUnavailable."""
    while (page := catalogue.page_since(revision, PAGE)) is not None:
        yield page
        if len(page) < PAGE:
            return
        revision = page.revision
