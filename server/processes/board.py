"""Where each process writes how it stands, for whichever of them is asked, and for the supervisor.

A file without a name that all of them inherit: one place of fixed size for each number, and one writer for each place,
the process of that number, or the supervisor while there is none. A reader that meets half of an entry sees that its
checksum is wrong and looks again.
"""

import json
import os
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from zlib import crc32

PLACE_BYTES = 2048
PROBLEM_CHARACTERS = 300
"""Of a last word; with everything else an entry stays well below its place, even where JSON writes six for one."""
READS = 20
HEAD = struct.Struct("<II")
"""Checksum and length of what follows."""

SILENT_SECONDS = 5.0
"""A process whose entry is older does not come to write, so it does not come to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How one process stands."""

    number: int
    restarts: int = 0
    started_ms: int = 0
    listening: bool = False
    serving: bool = False
    generation_id: str = ""
    """Empty: none yet."""
    catalogue_revision: int = 0
    problem: str = ""
    """What it ended of, when it could still say so."""
    written_at: float = 0.0
    """By the monotonic clock of the machine, which its processes have in common."""

    def is_silent(self, now: float) -> bool:
        """Whether it should have written again by now."""
        return now - self.written_at > SILENT_SECONDS

    def seen_at(self, now: float) -> "Entry":
        """What to make of it at that moment."""
        return replace(self, serving=False) if self.is_silent(now) else self


class Board:
    """All entries. The supervisor creates it; a process opens the descriptor that it inherits."""

    def __init__(self, descriptor: int, processes: int) -> None:
        self.descriptor = descriptor
        self._processes = processes

    @classmethod
    def create(cls, processes: int) -> "Board":
        with tempfile.TemporaryFile() as file:
            board = cls(os.dup(file.fileno()), processes)
        for number in range(processes + 1):
            board.write(Entry(number=number))
        return board

    def write(self, entry: Entry) -> None:
        """Puts it into the place of its number."""
        shortened = replace(entry, problem=entry.problem[:PROBLEM_CHARACTERS])
        content = json.dumps(asdict(shortened)).encode()
        place = HEAD.pack(crc32(content), len(content)) + content
        assert len(place) <= PLACE_BYTES
        os.pwrite(self.descriptor, place.ljust(PLACE_BYTES, b"\0"), self._offset(entry.number))

    def read(self, number: int) -> Entry:
        """As it was written last. An entry that stays torn, as after a kill in the middle of it, counts as none."""
        for _ in range(READS):
            place = os.pread(self.descriptor, PLACE_BYTES, self._offset(number))
            checksum, length = HEAD.unpack_from(place)
            content = place[HEAD.size : HEAD.size + length]
            if crc32(content) == checksum:
                return Entry(**json.loads(content))
        return Entry(number=number)

    def all(self, now: float) -> Sequence[Entry]:
        """Of those that answer, in the order of their numbers, as they are to be seen at that moment."""
        return tuple(self.read(number).seen_at(now) for number in range(1, self._processes + 1))

    def close(self) -> None:
        os.close(self.descriptor)

    def _offset(self, number: int) -> int:
        return number * PLACE_BYTES
