"""Which index kind suits a catalogue, and what it will cost; or why none does. Pure: it asks no server.

Expected recall is what clustered vectors gave (64 dims, 60,000 to 300,000 of them, k of 100 to 10,000); vectors without
structure give far less. The canary measures the real one.
"""

import math
from dataclasses import dataclass

from multigrain.errors import InvalidSpec
from multigrain.index.specs import AutoIndex, Flat, Hnsw, IndexSpec, IvfFlat, spec_named

AUTO = "AUTO"
FLAT_MAX_ITEMS = 50_000
"""A server compares this many with a query in a few milliseconds; there is nothing to win by approximating."""
CELLS_FOR_ROOT = 2
"""Cells for each unit of the square root of the items. More make a search cheaper and the build much longer."""
PROBED_PART = 1 / 4
"""Part of the cells that a search looks into."""
PROBED_ROWS_FOR_ONE = 12
"""Rows looked at for each one asked for, at the least: with fewer, a large k is not filled with the nearest."""
ROW_BYTES = 256
"""Ids, filter fields and title of one item, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An index that will work here."""

    spec: IndexSpec
    expected_recall: float
    memory_bytes: int
    """In the server, loaded."""
    reason: str
    """For people: why this kind."""


def plan(items: int, dims: int, k: int, *, lite: bool, kind: str = AUTO) -> Plan:
    """A plan for `items` vectors of `dims` and answers of up to `k`. Raises InvalidSpec when none can work."""
    if items < 0:
        raise InvalidSpec("items", f"is {items}", cure="give the number of items in the catalogue")
    if not 1 <= dims <= 32_768:
        raise InvalidSpec("dims", f"Milvus keeps no vectors of {dims}", cure="train towers of 1 to 32,768 dimensions")
    spec, reason = _automatic(items, k, lite=lite) if kind == AUTO else _asked_for(kind, items, k, lite=lite)
    spec.check_k(k)
    return Plan(
        spec=spec,
        expected_recall=_expected_recall(spec),
        memory_bytes=items * (_vector_bytes(spec, dims) + ROW_BYTES),
        reason=reason,
    )


def _automatic(items: int, k: int, *, lite: bool) -> tuple[IndexSpec, str]:
    if lite and items <= FLAT_MAX_ITEMS:
        return Flat(), f"Milvus Lite is exact with FLAT, and {items:,} items are few"
    if lite:
        return Flat(), f"Milvus Lite is right only with FLAT; {items:,} items will be slow there: use a Milvus server"
    if items <= FLAT_MAX_ITEMS:
        return Flat(), f"exact, and quick up to {FLAT_MAX_ITEMS:,} items"
    return _ivf(items, k), f"{items:,} items are too many to compare each; IVF_FLAT builds fast and serves a large k"


def _asked_for(kind: str, items: int, k: int, *, lite: bool) -> tuple[IndexSpec, str]:
    spec = spec_named(kind)
    if lite and isinstance(spec, Hnsw | AutoIndex):
        raise InvalidSpec(
            "kind", f"{kind} on Milvus Lite loses most rows of a filtered search", cure="use FLAT, or a Milvus server"
        )
    return (_ivf(items, k) if isinstance(spec, IvfFlat) else spec), "asked for"


def _ivf(items: int, k: int) -> IvfFlat:
    nlist = min(65_536, max(1, round(CELLS_FOR_ROOT * math.sqrt(items))))
    enough_for_k = -(-PROBED_ROWS_FOR_ONE * k * nlist // max(items, 1))
    return IvfFlat(nlist=nlist, nprobe=min(nlist, max(1, round(nlist * PROBED_PART), enough_for_k)))


def _expected_recall(spec: IndexSpec) -> float:
    if isinstance(spec, Flat):
        return 1.0
    if isinstance(spec, IvfFlat):
        return 1.0 if spec.nprobe == spec.nlist else 0.98
    return 0.95


def _vector_bytes(spec: IndexSpec, dims: int) -> int:
    links = 2 * spec.m * 4 if isinstance(spec, Hnsw) else 2 * 16 * 4 if isinstance(spec, AutoIndex) else 0
    return 4 * dims + links
