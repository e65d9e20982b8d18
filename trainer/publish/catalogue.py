"""What publishing needs of the catalogue. `multigrain.catalog.catalog.SqlCatalogue` is one."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from multigrain.types import Item


class Stored(Protocol):
    """An item as the catalogue keeps it."""

    @property
    def item_no(self) -> int: ...

    @property
    def item(self) -> Item: ...

    @property
    def revision(self) -> int:
        """Of the catalogue, at this item's last change."""
        ...


class Catalogue(Protocol):
    """Every method may block and may raise StoreUnavailable."""

    def revision(self) -> int:
        """Grows with every change of any item."""
        ...

    def count(self) -> int:
        """Items that are not removed."""
        ...

    def scan(self, batch_size: int) -> Iterator[Sequence[Stored]]:
        """Every item that is not removed."""
        ...

    def changed_since(self, revision: int, limit: int) -> Sequence[Stored]:
        """At most `limit` items that changed after `revision`, removed ones too, in order of their revision."""
        ...
