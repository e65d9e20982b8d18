"""Events in a file: one JSON object a line, {"topic", "key", "value"}, the value being the proto JSON of an Event.

For finished files; a position is a line number. A line that is none of that is a record like any other, and fails
where every bad record fails: in `decode`.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from multigrain.errors import LogUnavailable, Missing
from streaming.source import Headers, Partition, Positions, Record, Start

JSON_HEADERS: Headers = (("content-type", b"application/json"),)
NAME_CHARS_MAX = 100


class FileSource:
    """Reads the lines of one file, in order."""

    def __init__(self, path: Path, start: Start) -> None:
        if not path.is_file():
            raise Missing(f"there is no events file {path}: name one that exists")
        self._path = path
        self._start = start
        self._partition = partition_of(path)
        self._file: BinaryIO | None = None
        self._next = 0
        self._paused = False

    def poll(self, max_records: int, timeout_seconds: float, *, ahead: bool = False) -> list[Record]:
        if self._paused or (ahead and self._file is None):
            return []
        lines = self._read(max_records)
        if not lines and timeout_seconds > 0:
            time.sleep(timeout_seconds)
            lines = self._read(max_records)
        first = self._next - len(lines)
        return [self._record(first + number, line) for number, line in enumerate(lines)]

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def rewind(self) -> None:
        self.close()

    def acknowledge(self, positions: Positions) -> None:
        pass

    def lag(self) -> Positions:
        """Nothing: counting the lines that are left would mean reading them."""
        return {}

    def at_end(self) -> bool:
        with self._doing():
            file = self._opened()
            here = file.tell()
            more = file.read(1)
            file.seek(here)
        return not more

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self, max_records: int) -> list[bytes]:
        with self._doing():
            file = self._opened()
            lines: list[bytes] = []
            while len(lines) < max_records and (line := file.readline()):
                lines.append(line.rstrip(b"\r\n"))
        self._next += len(lines)
        return lines

    def _opened(self) -> BinaryIO:
        if self._file is None:
            start = self._start([self._partition]).get(self._partition, 0)
            self._file = self._path.open("rb")
            for _ in range(start):
                self._file.readline()
            self._next = start
        return self._file

    def _record(self, position: int, line: bytes) -> Record:
        key, value = _split(line)
        return Record(partition=self._partition, position=position, key=key, value=value, headers=JSON_HEADERS)

    @contextmanager
    def _doing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LogUnavailable(f"events file {self._path} cannot be read: {error.strerror}") from error


def partition_of(path: Path) -> Partition:
    """A file is known by its name and its first line: another file of the same name is read from its beginning."""
    with path.open("rb") as file:
        first = hashlib.sha256(file.readline()).hexdigest()
    return Partition(f"{path.name[:NAME_CHARS_MAX]}#{first[:12]}")


def _split(line: bytes) -> tuple[bytes | None, bytes]:
    """Key and value of a line; of a broken one, no key and the whole line, so that `decode` says what is wrong."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None, line
    if not isinstance(entry, dict) or not isinstance(entry.get("value"), dict):
        return None, line
    key = entry.get("key")
    value = json.dumps(entry["value"], ensure_ascii=False).encode("utf-8", "surrogatepass")
    return (key.encode("utf-8", "surrogatepass") if isinstance(key, str) else None), value
