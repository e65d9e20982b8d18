"""HTML as a type: whatever is not `Markup` is text, and is escaped on its way in.

A title from a catalogue can therefore not become an element, whoever forgets what. Formatting or joining Markup by
other means than these gives plain text, which is then shown with its angle brackets: ugly, and harmless.
"""

import re
from collections.abc import Iterable
from html import escape

Attribute = str | int | float | None
"""None: the attribute is left out."""

_VOID = frozenset({"meta", "wbr"})
# They are invisible, and a NUL is an error to every parser of HTML.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: Attribute) -> Markup:
    """One element. `class_` is written class, `stroke_width` stroke-width."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_shown(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[str], between: str = "") -> Markup:
    """One after the other."""
    return Markup(_safe(between).join(map(_safe, children)))


def listed(words: Iterable[str]) -> Markup:
    """Items of a sentence, with a middle dot between them."""
    return joined(words, " · ")


def words_of(text: str, /, *, class_: str | None = None) -> Markup:
    """What somebody outside wrote. It may run from right to left: it must not turn the words around it."""
    return tag("span", text, dir="auto", class_=class_)


def _safe(child: str) -> str:
    return child if isinstance(child, Markup) else escape(_CONTROLS.sub("\ufffd", child))


def _shown(value: str | int | float) -> str:
    # A tenth of a pixel is finer than any eye, and makes equal drawings equal bytes.
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else _CONTROLS.sub("\ufffd", str(value))
