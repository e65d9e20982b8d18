"""A dead letter read back: what was sent, where it stood, why it could not be taken, and whether it can go again."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from multigrain.errors import InvalidLog, Missing
from streaming.source import Headers, Partition

DEAD_HEADERS = frozenset(
    {"dead-field", "dead-reason", "dead-topic", "dead-partition", "dead-position", "dead-value-bytes"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetter:
    """The record as it was sent, and what was said of it."""

    lies: Partition
    """Where the letter is kept: a partition of a dead topic, or a file."""
    lies_at: int
    kept_ms: int | None
    """When it was put there. None: a file does not say."""
    stood: Partition
    """Where the record was."""
    stood_at: int
    field: str
    reason: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    whole_bytes: int | None = None
    """How long the value was before it was cut to fit. None: it is whole."""

    @property
    def obstacle(self) -> str | None:
        """Why it cannot be sent again. None: it can."""
        if not self.stood.topic:
            return "it does not say which topic it came from"
        if self.whole_bytes is not None:
            return f"its value was cut from {self.whole_bytes:,} to {len(self.value or b''):,} bytes"
        return None


def letters_of_file(path: Path) -> Iterator[KeptLetter]:
    """The letters that FileDeadLetters has written, in order. Raises Missing or InvalidLog."""
    if not path.is_file():
        raise Missing(f"there is no file {path}: without bad records none is written")
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            try:
                entry = json.loads(line)
                yield _of_entry(entry, Partition(path.name), number)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                problem = f"is no dead letter ({error})"
                raise InvalidLog(f"{path}:{number + 1}", problem, cure="give a file that ends in .dead") from None


def _of_entry(entry: dict[str, object], lies: Partition, number: int) -> KeptLetter:
    headers = entry["headers"]
    if not isinstance(headers, dict):
        raise TypeError("headers are no object")
    return KeptLetter(
        lies=lies,
        lies_at=number,
        kept_ms=None,
        stood=Partition(str(entry["topic"]), int(str(entry["partition"]))),
        stood_at=int(str(entry["position"])),
        field=str(entry["field"]),
        reason=str(entry["reason"]),
        key=_bytes_of(entry, "key"),
        value=_bytes_of(entry, "value"),
        headers=tuple((name, str(value).encode()) for name, value in headers.items()),
    )


def _bytes_of(entry: dict[str, object], name: str) -> bytes | None:
    if f"{name}_base64" in entry:
        return base64.b64decode(str(entry[f"{name}_base64"]))
    text = entry[name]
    return None if text is None else str(text).encode()
