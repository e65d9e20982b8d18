"""What a HardFilter means: as a test of one category, and as an expression of Milvus.

`expression` is the only place that puts a value into an expression. Filter templates would do it better, but servers
before 2.5 and Milvus Lite have none.
"""

from multigrain.index.item_index import HardFilter

CATEGORY_BYTES = 2048
NAME_BYTES = 512
"""Of a brand or a shop. Longer text is cut in rows and in filters alike, so that the two still meet."""

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_BEHIND_SLASH = chr(ord("/") + 1)


def expression(only: HardFilter | None) -> str:
    """The filter in Milvus's words; empty when nothing is demanded."""
    if only is None:
        return ""
    demands = [
        _one_of("brand", only.brands),
        " or ".join(_under(shortened(path, CATEGORY_BYTES)) for path in only.categories),
        _one_of("shop", only.shops),
        f"status in {[int(status) for status in only.statuses]}" if only.statuses else "",
        f"item_no in [{','.join(map(str, only.item_nos))}]" if only.item_nos else "",
    ]
    return " and ".join(f"({demand})" for demand in demands if demand)


def is_under(category: str, path: str) -> bool:
    """Whether the category is the one that `path` names, or below it."""
    return category == path or category.startswith(f"{path}/")


def shortened(text: str, size: int) -> str:
    """As many whole characters of the text as fit into `size` bytes of UTF-8: what a VARCHAR field takes."""
    return text.encode()[:size].decode(errors="ignore") if len(text) > size // 4 else text


def _one_of(field: str, names: tuple[str, ...]) -> str:
    return f"{field} in [{', '.join(_quoted(shortened(name, NAME_BYTES)) for name in names)}]" if names else ""


def _under(path: str) -> str:
    # Everything that begins with 'path/' lies between it and 'path0' in order of bytes. LIKE would do the same, but
    # how its wildcards are escaped depends on the server's version.
    below = f"category >= {_quoted(path + '/')} and category < {_quoted(path + _BEHIND_SLASH)}"
    return f"category == {_quoted(path)} or ({below})"


def _quoted(text: str) -> str:
    """A string literal that both Milvus and Milvus Lite read back as `text`."""
    return f'"{text.translate(_ESCAPES)}"'
