"""The shape of a way to fuse: pure, columnar, and unable to fail. It sees what each channel found and returns one list.

A way gives every item a score. What all share, ranks and the order of ties, is in standings.py.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from server.request import ChannelName
from server.result import Candidates, Found

Weights = Mapping[ChannelName, float]
"""How much a channel counts; one that is not named counts 1."""

EVEN: Weights = MappingProxyType({})
"""Every channel counts the same."""


class Way(Protocol):
    """A member of the table in fusion/__init__.py."""

    def __call__(self, found: Sequence[Found], weights: Weights = EVEN, /) -> Candidates:
        """Every item once, best first. The channels come in the order of the request, each at most once.

        A way that adds up no scores reads no weights.
        """
        ...
