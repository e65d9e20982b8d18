"""The shop owner's file, edited while the server runs."""

import logging
from pathlib import Path

from multigrain.errors import InvalidConfig
from multigrain.telemetry import LOG_FIELDS
from server.understanding.owners_language import Mistake, Parsed, parse
from server.understanding.owners_rules import OwnersRules

log = logging.getLogger(__name__)

SETTING = "server.relevance_file"


class OwnersFile:
    """Remembers the last file that was right."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidConfig: a server does not start on a file that it cannot understand."""
        self._path = path
        self._content = read(path)
        self._rules = understood(self._content, path)

    def current(self) -> OwnersRules:
        """Those that hold now."""
        return self._rules

    def refresh(self) -> None:
        """One look, for the watch. Raises InvalidConfig for a broken file, and the former rules stay.

        Compares the content and no times of change: the file is small, and a copy may keep its time.
        """
        content = read(self._path)
        if content == self._content:
            return
        self._rules = understood(content, self._path)
        self._content = content
        log.info("relevance file changed", extra={LOG_FIELDS: {"rules": self._rules.count}})


def read(path: Path) -> bytes:
    """Raises InvalidConfig when the file cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror}"
        raise InvalidConfig(SETTING, problem, cure="name a file that this user may read") from None


def look(content: bytes) -> Parsed:
    """What the file says, with everything that is wrong in it."""
    try:
        return parse(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Parsed(OwnersRules(), (Mistake(line, "this line is not UTF-8 text", "save the file as UTF-8"),))


def understood(content: bytes, path: Path) -> OwnersRules:
    """Raises InvalidConfig that tells every mistake with its line."""
    parsed = look(content)
    if parsed.mistakes:
        count = len(parsed.mistakes)
        problem = f"{count} mistake{'s' if count > 1 else ''} in {path}"
        raise InvalidConfig(SETTING, problem, cure="\n".join(["mend", *(f"  {one}" for one in parsed.mistakes)]))
    return parsed.rules
