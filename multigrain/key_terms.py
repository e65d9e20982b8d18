"""The key-term dictionary of a bundle: which words demand which brand or category.

The trainer builds and writes it, the server reads it; the meaning of a query is not decided here.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from multigrain.errors import BundleRefused

FILE = "key_terms.json"


class TermKind(StrEnum):
    """What a term speaks of."""

    BRAND = "brand"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerm:
    """One way to say one value."""

    kind: TermKind
    value: str
    """As the catalogue has it: a brand, or the '/'-joined category path that it stands for."""
    words: tuple[str, ...]
    """As `multigrain.text.terms` cuts them: ('running', 'shoes'), ('手', '机', '壳')."""
    confidence: float
    """0..1; below the server's floor it makes no rule."""


def save(terms: Sequence[KeyTerm], folder: Path) -> None:
    """Writes the dictionary into the bundle's relevance folder, in a stable order."""
    folder.mkdir(parents=True, exist_ok=True)
    ordered = sorted(terms, key=lambda term: (term.kind, term.words, term.value))
    lines = ",\n".join(json.dumps(asdict(term), ensure_ascii=False) for term in ordered)
    (folder / FILE).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def load(folder: Path) -> tuple[KeyTerm, ...]:
    """The dictionary of a bundle. Raises BundleRefused naming the file and the entry that is wrong."""
    path = folder / FILE
    entries = json.loads(path.read_text(encoding="utf-8"))
    terms = []
    for number, entry in enumerate(entries):
        try:
            terms.append(
                KeyTerm(
                    kind=TermKind(entry["kind"]),
                    value=str(entry["value"]),
                    words=tuple(str(word) for word in entry["words"]),
                    confidence=float(entry["confidence"]),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleRefused(
                f"{path}: entry {number} is not a key term ({error!r}): export the bundle again"
            ) from None
    return tuple(terms)
