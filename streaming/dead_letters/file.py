"""Dead letters in a file, one JSON object a line: where the record stood, why it could not be taken, and its bytes."""

import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path

from multigrain.errors import LogUnavailable
from streaming.dead_letter import DeadLetter


class FileDeadLetters:
    """Appends to `path`, which appears with the first letter."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, letters: Sequence[DeadLetter]) -> None:
        if not letters:
            return
        lines = "".join(json.dumps(_entry(letter), ensure_ascii=False) + "\n" for letter in letters)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise LogUnavailable(
                f"{self._path} takes no dead letters ({error.strerror}): make room, or give the right to write"
            ) from error

    def close(self) -> None:
        pass


def _entry(letter: DeadLetter) -> dict[str, object]:
    record = letter.record
    return {
        "topic": record.partition.topic,
        "partition": record.partition.number,
        "position": record.position,
        "field": letter.error.field,
        "reason": letter.reason,
        **_readable("key", record.key),
        **_readable("value", record.value),
        "headers": {name: value.decode("utf-8", "backslashreplace") for name, value in record.headers},
    }


def _readable(name: str, data: bytes | None) -> dict[str, str | None]:
    """As text where it is text; in base64 otherwise, so that every record can be taken up again byte for byte."""
    if data is None:
        return {name: None}
    try:
        return {name: data.decode("utf-8")}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(data).decode("ascii")}
