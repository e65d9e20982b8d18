"""Words cut to their room, where they cannot wrap: in a drawing, in a terminal's table."""

import unicodedata


def fit(text: str, columns: int) -> str:
    """At most so many columns wide. A Chinese character is two of them."""
    if _width(text) <= columns:
        return text
    while text and _width(text) > columns - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
