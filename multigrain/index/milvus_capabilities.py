"""What the Milvus that answers can do: asked for its version once, read off a table.

A line of the table is `tried`, on the two that the contract tests run (a server 2.3.5, Milvus Lite 3.2), or `read`:
what its makers write of that release; or, where it says so, it is only what we believe. Asking the server itself is no
way: 2.3 takes a grouping search without a word and does not group.
"""

import logging
import re
from dataclasses import dataclass, replace

from multigrain.errors import InvalidConfig
from multigrain.index.specs import CPU_MAX_K
from multigrain.telemetry import LOG_FIELDS

log = logging.getLogger(__name__)

REST_IS_CLOSED = ((2, 5, 27), (2, 6, 10))
"""The first releases of their lines without CVE-2026-26190; of later lines all are without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one Milvus can do."""

    version: tuple[int, int, int]
    lite: bool = False
    """Whether it is Milvus Lite, in a process of ours or of a server's own: kinds of index are taken, not judged."""
    float16_vectors: bool = False
    int8_vectors: bool = False
    sparse_vectors: bool = False
    hybrid_search: bool = False
    """Several vector fields, and one answer from searches of them."""
    group_by: bool = False
    bm25: bool = False
    filter_templates: bool = False
    """Values of a filter travel beside its text."""
    max_k: int = CPU_MAX_K
    """Of one search on a CPU kind."""

    @property
    def has_open_rest(self) -> bool:
        """Whether CVE-2026-26190 is in it: the whole REST interface without a password, on port 9091."""
        if self.lite:
            return False
        return not any(self.version[:2] == fixed[:2] and self.version >= fixed for fixed in REST_IS_CLOSED) and (
            self.version < max(REST_IS_CLOSED)
        )

    def missing(self) -> tuple[str, ...]:
        """What it cannot do, for people."""
        names = {
            "float16 vectors": self.float16_vectors,
            "int8 vectors": self.int8_vectors,
            "sparse vectors": self.sparse_vectors,
            "hybrid search": self.hybrid_search,
            "grouping": self.group_by,
            "BM25": self.bm25,
            "filter templates": self.filter_templates,
        }
        return tuple(name for name, can in names.items() if not can)


V2_3 = Capabilities(version=(2, 3, 0))
"""Tried on 2.3.5, which also takes 16-bit vectors, but its documentation does not promise them."""
V2_4 = replace(V2_3, version=(2, 4, 0), float16_vectors=True, sparse_vectors=True, hybrid_search=True, group_by=True)
"""Read: the makers' articles on sparse vectors and hybrid search in 2.4. 16 bits and grouping: believed, not found."""
V2_5 = replace(V2_4, version=(2, 5, 0), bm25=True, filter_templates=True)
"""Read: the makers' article on 2.5. Templates: its documentation has them, from which release on we only believe."""
V2_6 = replace(V2_5, version=(2, 6, 0), int8_vectors=True)
"""Believed: the documentation of its data types was not at hand."""
V3_0 = replace(V2_6, version=(3, 0, 0))
"""Believed: that it takes nothing of 2.6 away."""
SERVERS = (V2_3, V2_4, V2_5, V2_6, V3_0)
"""Oldest first: a server is the newest of these that it is not older than."""
KNOWN_LINES = frozenset({2, 3})
LITE = Capabilities(version=(3, 2, 0), lite=True, sparse_vectors=True, hybrid_search=True, group_by=True, bm25=True)
"""Tried on 3.2.2. It answers more than 16,384, but what is built on it must move to a server."""


def server_capabilities(said: str) -> Capabilities:
    """Of a server that calls its version this: 'v2.3.5', '2.6.10-gpu'. Raises InvalidConfig for one before 2.3."""
    version = _numbers(said)
    if version is None:
        log.warning("a Milvus that calls its version %r: taken for the oldest that we know", said)
        return V2_3
    if version < V2_3.version:
        raise InvalidConfig(
            "milvus.uri", f"leads to Milvus {said}", cure="use a server of 2.3 or later, best one of 2.6.10 or later"
        )
    if version[0] not in KNOWN_LINES:
        log.warning("Milvus %s is newer than we know: taken for %s", said, _dotted(SERVERS[-1].version))
    newest = max((known for known in SERVERS if known.version <= version), key=lambda known: known.version)
    return replace(newest, version=version)


def lite_capabilities(said: str) -> Capabilities:
    return replace(LITE, version=_numbers(said) or LITE.version)


def say_once(place: str, can: Capabilities) -> None:
    """One line at the start, and one more for an operator whose server is open to everybody."""
    fields = {"version": _dotted(can.version), "without": ", ".join(can.missing())}
    log.info("%s is there", place, extra={LOG_FIELDS: fields})
    if can.has_open_rest:
        log.warning(
            "%s: Milvus %s answers its REST interface on port 9091 without a password (CVE-2026-26190): "
            "close that port, and upgrade to 2.6.10 or 2.5.27",
            place,
            _dotted(can.version),
        )


def _numbers(said: str) -> tuple[int, int, int] | None:
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", said)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(str(number) for number in version)
