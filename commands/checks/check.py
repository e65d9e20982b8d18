"""The shape of a check."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from multigrain.settings import Settings


class Health(StrEnum):
    """OK; ABSENT: not here, and nothing configured needs it; BROKEN: what is configured needs it."""

    OK = "ok"
    ABSENT = "absent"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw."""

    area: str
    what: str
    health: Health
    detail: str
    cure: str = ""
    """What to do; empty when there is nothing to do."""


Check = Callable[[Settings], Finding]
