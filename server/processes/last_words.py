"""What a process ends of, left on the board for the supervisor, who tells whoever runs it."""

import logging
from collections.abc import Callable
from dataclasses import replace

from multigrain.errors import MultigrainError, Theirs
from multigrain.telemetry import LOG_FIELDS
from server.processes.board import Board, Entry
from server.processes.ending import EXIT_OURS, EXIT_THEIRS

log = logging.getLogger(__name__)


def with_last_words(board: Board, entry: Entry, run: Callable[[], None]) -> int:
    """Runs it to its end. Returns the exit code; what nobody foresaw flies, with a word on the board all the same."""
    try:
        run()
    except Exception as error:
        board.write(replace(entry, problem=str(error)))
        if not isinstance(error, MultigrainError):
            raise
        log.error("this process cannot go on", extra={LOG_FIELDS: {"error": str(error)}})
        return EXIT_THEIRS if isinstance(error, Theirs) else EXIT_OURS
    return 0
