"""The shape of a section: a title, and what writes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from trainer.evaluation.page.markup import Markup, tag

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Section(Generic[Subject]):
    """One part of a page."""

    anchor: str
    title: str
    write: Callable[[Subject], Markup | None]
    """None: there is nothing to show. The page then says in a line that it was not measured."""


@dataclass(frozen=True, slots=True)
class Written:
    """A section that has something to show."""

    anchor: str
    title: str
    body: Markup

    def html(self) -> Markup:
        return tag("section", tag("h2", self.title), self.body, id=self.anchor)
