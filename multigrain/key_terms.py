"""The key-term dictionary of a bundle: which words demand which brand, category, attribute or title word.

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
    ATTRIBUTE = "attribute"
    WORD = "word"
    """A word that the title must hold: a model number, a size."""


class TermSource(StrEnum):
    """Who says that the words mean the value."""

    CATALOGUE = "catalogue"
    """They are the value's own name."""
    SYNONYM = "synonym"
    """The catalogue lists them as another name."""
    MISSPELLING = "misspelling"
    """People type them and then click items of the value."""
    TITLES = "titles"
    """Titles that hold them are of items of the value, nearly always."""
    CLICKS = "clicks"
    """Who searches for them clicks items of the value."""
    OWNER = "owner"
    """The shop's own file says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerm:
    """One way to say one value."""

    kind: TermKind
    value: str
    """As the catalogue has it: a brand, the '/'-joined category path that it stands for, or an attribute's value. Of a
    word: the word, as `multigrain.text.findable` gives it.
    """
    words: tuple[str, ...]
    """As `multigrain.text.terms` cuts them: ('running', 'shoes'), ('手', '机', '壳')."""
    confidence: float
    """0..1, how sure it is that who says so wants nothing else; below the server's floor it makes no rule."""
    name: str = ""
    """Of the attribute, 'colour'; empty for the other kinds."""
    source: TermSource = TermSource.CATALOGUE


def save(terms: Sequence[KeyTerm], folder: Path) -> None:
    """Writes the dictionary into the bundle's relevance folder, in a stable order."""
    folder.mkdir(parents=True, exist_ok=True)
    ordered = sorted(terms, key=lambda term: (term.kind, term.words, term.name, term.value))
    lines = ",\n".join(json.dumps(asdict(term), ensure_ascii=False) for term in ordered)
    (folder / FILE).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def load(folder: Path) -> tuple[KeyTerm, ...]:
    """The dictionary of a bundle. Raises as `read`."""
    return read(folder / FILE)


def read(path: Path) -> tuple[KeyTerm, ...]:
    """A dictionary. Raises BundleRefused naming the file and the entry that is wrong."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BundleRefused(f"{path}: no JSON ({error}): export the bundle again") from None
    terms = []
    for number, entry in enumerate(entries):
        try:
            terms.append(
                KeyTerm(
                    kind=TermKind(entry["kind"]),
                    value=str(entry["value"]),
                    words=tuple(str(word) for word in entry["words"]),
                    confidence=float(entry["confidence"]),
                    name=str(entry.get("name", "")),
                    source=TermSource(entry.get("source", TermSource.CATALOGUE)),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleRefused(
                f"{path}: entry {number} is not a key term ({error!r}): export the bundle again"
            ) from None
    return tuple(terms)
