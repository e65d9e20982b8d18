"""The tokens of a file that is edited while the server runs."""

import logging
from pathlib import Path

from multigrain.errors import InvalidConfig
from multigrain.telemetry import LOG_FIELDS
from server.security.tokens import SETTING, Tokens, parse

log = logging.getLogger(__name__)


class TokensFile:
    """Remembers the last file that was right."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidConfig: a server does not start on a file that it cannot understand."""
        self._path = path
        self._text = self._read()
        self._tokens = parse(self._text)

    def current(self) -> Tokens:
        """Those that are valid now."""
        return self._tokens

    def refresh(self) -> None:
        """One look, for the watch. Raises InvalidConfig for a broken file, and the former tokens stay.

        Compares the text and no times of change: the file is small, and a copy may keep its time.
        """
        text = self._read()
        if text == self._text:
            return
        self._tokens = parse(text)
        self._text = text
        names = sorted({token.name for token in self._tokens.known})
        log.info("tokens changed", extra={LOG_FIELDS: {"tokens": len(self._tokens.known), "names": ",".join(names)}})

    def _read(self) -> str:
        try:
            return self._path.read_text(encoding="utf-8")
        except OSError as error:
            problem = f"cannot read {self._path}: {error.strerror}"
            raise InvalidConfig(SETTING, problem, cure="name a file that this user may read") from None
        except UnicodeDecodeError:
            raise InvalidConfig(SETTING, f"{self._path} is not UTF-8 text", cure="write it anew") from None
