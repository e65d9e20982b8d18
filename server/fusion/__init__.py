"""How the lists of several channels become one. ALL ways are listed here; a file a way, to the shape in way.py."""

from collections.abc import Mapping
from types import MappingProxyType

from server.fusion import interleave, rrf, union, weighted
from server.fusion.way import Way
from server.request import FusionKind

WAYS: Mapping[FusionKind, Way] = MappingProxyType(
    {
        FusionKind.RECIPROCAL_RANK: rrf.fuse,
        FusionKind.WEIGHTED_SCORES: weighted.fuse,
        FusionKind.INTERLEAVE: interleave.fuse,
        FusionKind.UNION: union.fuse,
    }
)
