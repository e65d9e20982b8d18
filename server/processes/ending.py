"""How a process ends: exit codes, what a code means in words, and how long after the drain it is waited for."""

import signal

EXIT_OURS = 1
EXIT_THEIRS = 2
"""A setting is wrong: the same start would fail in the same way."""

MARGIN_SECONDS = 5.0
"""After the drain, for what a server closes then. Too low: a process that is nearly done is killed."""


def ended_how(code: int) -> str:
    """'exit code 1', 'SIGKILL'."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
