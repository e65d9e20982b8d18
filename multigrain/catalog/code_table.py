"""Brands, shops, category paths and attributes as small numbers, the same in every process that shares the columns.

The texts are in a log; each process keeps the tables that it needs for looking them up, and reads on when the log has
grown. Codes are given in order of first sight.
"""

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from multigrain.catalog.text_log import TextLog

Codes = NDArray[np.int32]
Key = TypeVar("Key")

_MISSING = -1


class Table(ABC, Generic[Key]):
    """Key <-> code. Code 0 is the key of row 0, which no item has."""

    def __init__(self, log: TextLog, nothing: Key) -> None:
        self._log = log
        self._keys = [nothing]
        self._code_of = {nothing: 0}
        self._reading = threading.Lock()

    def __len__(self) -> int:
        return len(self._keys)

    @abstractmethod
    def _as_text(self, key: Key) -> str: ...

    @abstractmethod
    def _of_text(self, text: str) -> Key: ...

    def put(self, keys: Sequence[Key]) -> Codes:
        """The code of each, a further one for those that have none; 0 where it is not admitted. By one writer."""
        self._read_on()
        codes = self._codes_of(keys)
        if codes.min(initial=0) == _MISSING:
            missing = dict.fromkeys(keys[position] for position in np.flatnonzero(codes == _MISSING).tolist())
            self._log.append([self._as_text(key) for key in self._admitted(list(missing))])
            self._read_on()
            codes = np.maximum(self._codes_of(keys), 0)
        return codes

    def _admitted(self, keys: Sequence[Key]) -> Sequence[Key]:
        """Those of these that get a code."""
        return keys

    def codes(self, keys: Iterable[Key]) -> Codes:
        """Codes of those that are known."""
        self._read_on()
        return np.array([self._code_of[key] for key in keys if key in self._code_of], np.int32)

    def key_of(self, code: int) -> Key:
        """What has this code."""
        if code >= len(self._keys):
            self._read_on()
        return self._keys[code]

    def _codes_of(self, keys: Sequence[Key]) -> Codes:
        return np.fromiter(map(self._code_of.get, keys, repeat(_MISSING)), np.int32, len(keys))

    def _read_on(self) -> None:
        if self._log.count < len(self._keys):  # all but nothing are in the log
            return
        with self._reading:
            for text in self._log.read(self._log.count - len(self._keys) + 1):
                self._learn(self._of_text(text))

    def _learn(self, key: Key) -> None:
        self._keys.append(key)
        self._code_of[key] = len(self._keys) - 1


class TextTable(Table[str]):
    """Brands or shops; '' is none."""

    def __init__(self, log: TextLog) -> None:
        super().__init__(log, "")

    def _as_text(self, key: str) -> str:
        return key

    def _of_text(self, text: str) -> str:
        return text


class PathTable(Table[tuple[str, ...]]):
    """Category paths, found by every path above them and by every name in them."""

    def __init__(self, log: TextLog) -> None:
        super().__init__(log, ("",))
        self._under_path: dict[str, list[int]] = {}
        self._under_name: dict[str, list[int]] = {}

    def codes_under(self, category: str) -> Codes:
        """Of every path that is the category or below it; of a bare name on any level if no path begins so."""
        self._read_on()
        return np.array(self._under_path.get(category) or self._under_name.get(category, []), np.int32)

    def is_path(self, category: str) -> bool:
        """Whether it is a path or no category at all, and not the bare name of one further down."""
        self._read_on()
        return category in self._under_path or category not in self._under_name

    def _as_text(self, key: tuple[str, ...]) -> str:
        return json.dumps(key)  # a name may hold any sign, so none is left to join them with

    def _of_text(self, text: str) -> tuple[str, ...]:
        return tuple(json.loads(text))

    def _learn(self, key: tuple[str, ...]) -> None:
        super()._learn(key)
        code, names = len(self) - 1, "/".join(key).split("/")
        for depth in range(1, len(names) + 1):
            self._under_path.setdefault("/".join(names[:depth]), []).append(code)
        for name in {*names, *key}:
            self._under_name.setdefault(name, []).append(code)
