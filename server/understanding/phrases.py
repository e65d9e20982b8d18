"""Runs of a query's units that a dictionary holds. Knows no meaning: what stands under a phrase may be anything."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Run(Generic[Entry]):
    """Units `start` to `end` of a query, and every entry that stands under them."""

    start: int
    end: int
    entries: tuple[Entry, ...]


class Phrases(Generic[Entry]):
    """Phrases in the units of `multigrain.text.terms`, ready to be looked for. Immutable."""

    def __init__(self, entries: Iterable[tuple[tuple[str, ...], Entry]]) -> None:
        by_words: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
        for words, entry in entries:
            if words:
                by_words[words].append(entry)
        self._by_words = {words: tuple(found) for words, found in by_words.items()}
        # Most words of a query begin no phrase at all, and few begin a long one: not every length is tried.
        self._longest_from: dict[str, int] = {}
        for words in self._by_words:
            self._longest_from[words[0]] = max(len(words), self._longest_from.get(words[0], 0))

    def __contains__(self, words: tuple[str, ...]) -> bool:
        return words in self._by_words

    def __len__(self) -> int:
        return len(self._by_words)

    def runs(self, units: Sequence[str]) -> Iterator[Run[Entry]]:
        """Every run of the units that is a phrase, also where they overlap."""
        for start, unit in enumerate(units):
            longest = self._longest_from.get(unit, 0)
            for end in range(start + 1, min(start + longest, len(units)) + 1):
                found = self._by_words.get(tuple(units[start:end]))
                if found:
                    yield Run(start, end, found)
