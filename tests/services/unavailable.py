"""When a real part cannot be had: why, and what would change that."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The answer in place of a service."""

    name: str
    reason: str
    cure: str

    def __str__(self) -> str:
        return f"no {self.name} here: {self.reason}\nto get it: {self.cure}"


class CannotProvide(Exception):
    """One way to a service does not work here: its software is missing, or does not run."""

    def __init__(self, reason: str, *, cure: str) -> None:
        super().__init__(f"{reason} (to get it: {cure})")
        self.reason = reason
        self.cure = cure


class DidNotStart(CannotProvide):
    """The software is here and was started, but never answered."""
