"""Names that the shop's own file uses and no item of the catalogue has: most are typing errors."""

import difflib
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from multigrain.key_terms import TermKind

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from server.understanding.owners_rules import Claim

READ_AT_ONCE = 10_000


def unknown_names(named: "Iterable[tuple[int, Claim]]", engine: "Engine") -> Iterator[tuple[int, str]]:
    """A line and a warning for each value that nothing in the catalogue has. Raises StoreUnavailable.

    Words of titles are not looked for. Reads every item where an attribute is named, and else each brand and category.
    """
    claims = list(named)
    known = _known(engine, {claim.name for _, claim in claims if claim.kind is TermKind.ATTRIBUTE})
    for line, claim in claims:
        subject = claim.name or claim.kind.value
        values = known.get(subject, set())
        if claim.kind is TermKind.WORD or claim.value in values:
            continue
        near = difflib.get_close_matches(claim.value, values, n=1, cutoff=0.6)
        yield line, f"no item of {claim}" + (f": did you mean {near[0]}?" if near else "")


def _known(engine: "Engine", attributes: set[str]) -> dict[str, set[str]]:
    """Values of brands, categories (every path and every name) and these attributes."""
    import sqlalchemy as sa

    from multigrain.catalog.catalog import SqlCatalogue
    from multigrain.catalog.tables import items
    from multigrain.database import reading

    known: dict[str, set[str]] = {name: set() for name in attributes}
    with reading(engine) as connection:
        brands = connection.execute(sa.select(items.c.brand).distinct()).scalars()
        known[TermKind.BRAND] = {brand for brand in brands if brand}
        paths = connection.execute(sa.select(sa.cast(items.c.category_path, sa.Text)).distinct()).scalars()
        known[TermKind.CATEGORY] = {name for path in paths for name in _names(json.loads(path))}
    if attributes:
        for batch in SqlCatalogue(engine).scan(READ_AT_ONCE):
            for stored in batch:
                for name in attributes & stored.item.attributes.keys():
                    known[name].add(stored.item.attributes[name])
    return known


def _names(path: list[str]) -> set[str]:
    return {"/".join(path[:depth]) for depth in range(1, len(path) + 1)} | set(path)
