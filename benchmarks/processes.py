"""The processes of a bench: started beside it, and ended with it.

Imports nothing that is measured: a process begins by importing this file.
"""

import multiprocessing
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

SPAWN = multiprocessing.get_context("spawn")
STOP_SECONDS = 30.0


@contextmanager
def running(process: BaseProcess) -> Iterator[BaseProcess]:
    """The process, started; told to stop at the end of the block, and killed if it does not."""
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()


def told_to_stop() -> threading.Event:
    """In such a process: set when it is told to."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    return stop
