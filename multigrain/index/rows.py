"""What every index does with rows before it writes them: judge them, and take of one item only the newest."""

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from multigrain.errors import InvalidSpec
from multigrain.index.item_index import IndexRows
from multigrain.types import Float32s, Int64s

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


def require_name(name: str) -> None:
    """Raises InvalidSpec for a name that Milvus would not take for a collection."""
    if not _NAME.fullmatch(name):
        raise InvalidSpec("name", f"{name!r} cannot name an index", cure="use letters, digits and _, a letter first")


def require_vectors(vectors: Float32s, dims: int) -> None:
    """Raises InvalidSpec unless `vectors` is [n, dims] and finite."""
    if vectors.ndim != 2 or vectors.shape[1] != dims:
        raise InvalidSpec(
            "vectors",
            f"have shape {list(vectors.shape)}, the index has {dims} dims",
            cure="use the bundle it was made of",
        )
    if not np.isfinite(vectors).all():
        raise InvalidSpec("vectors", "hold a NaN or an infinity", cure="look for what broke the encoder")


def newest(rows: IndexRows) -> IndexRows:
    """One row an item: the one of the highest revision, of equals the last. What a batch does is then defined."""
    order = np.lexsort((np.arange(len(rows)), rows.revisions, rows.item_nos))
    is_last = np.ones(len(rows), np.bool_)
    is_last[:-1] = np.diff(rows.item_nos[order]) != 0
    return rows if is_last.all() else take(rows, np.sort(order[is_last]))


def take(rows: IndexRows, positions: Int64s) -> IndexRows:
    """The rows at these positions, in this order."""
    chosen = positions.tolist()
    return IndexRows(
        item_nos=rows.item_nos[positions],
        vectors=rows.vectors[positions],
        revisions=rows.revisions[positions],
        brands=[rows.brands[i] for i in chosen],
        categories=[rows.categories[i] for i in chosen],
        shops=[rows.shops[i] for i in chosen],
        statuses=[rows.statuses[i] for i in chosen],
        titles=[rows.titles[i] for i in chosen],
    )


def parts(rows: IndexRows, size: int) -> Iterator[IndexRows]:
    """The rows in order, at most `size` at a time."""
    for start in range(0, len(rows), size):
        yield take(rows, np.arange(start, min(start + size, len(rows))))


def vectors_by_item(rows: IndexRows) -> dict[int, Float32s]:
    """The vector [dims] of each item."""
    return dict(zip(rows.item_nos.tolist(), rows.vectors, strict=True))


def gathered(pages: Iterable[IndexRows], at_least: int) -> Iterator[IndexRows]:
    """The rows of the pages in fewer, larger pages of `at_least` rows; the last may be smaller."""
    waiting: list[IndexRows] = []
    for page in pages:
        waiting.append(page)
        if sum(map(len, waiting)) >= at_least:
            yield _one_page(waiting)
            waiting = []
    if waiting:
        yield _one_page(waiting)


def _one_page(pages: Sequence[IndexRows]) -> IndexRows:
    return IndexRows(
        item_nos=np.concatenate([page.item_nos for page in pages]),
        vectors=np.concatenate([page.vectors for page in pages]),
        revisions=np.concatenate([page.revisions for page in pages]),
        brands=[brand for page in pages for brand in page.brands],
        categories=[category for page in pages for category in page.categories],
        shops=[shop for page in pages for shop in page.shops],
        statuses=[status for page in pages for status in page.statuses],
        titles=[title for page in pages for title in page.titles],
    )
