"""Where consumers are born: `python -m benchmarks.crashing.nursery`. Orders on standard input, what becomes of them on
standard output.

Each consumer is a fork of this process, which has imported everything and opened nothing: so a life begins at once, and
a hundred of them take minutes. Who kills is here, too: only a parent knows that the number is still its child's.
"""

import os
import select
import signal
import sys
import traceback

from benchmarks.crashing.life import OpenConsumer, Orders, live, real_consumer

KILL = "kill"
ENDED = "ended"
LOOK_SECONDS = 0.02


def run(open_consumer: OpenConsumer = real_consumer) -> None:
    """One life after the other, as long as somebody gives orders."""
    while line := sys.stdin.readline():
        # A life may have ended while it was being killed.
        if line.strip() != KILL:
            print(ENDED, _bring_up(Orders.from_json(line), open_consumer), flush=True)


def _bring_up(orders: Orders, open_consumer: OpenConsumer) -> int:
    """The exit status of the life that followed these orders; that of a signal is negative."""
    child = os.fork()
    if child == 0:
        _live_and_end(orders, open_consumer)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        asked, _, _ = select.select([sys.stdin], [], [], LOOK_SECONDS)
        if asked:
            # Either the word to kill, or the end of whoever gave the orders.
            sys.stdin.readline()
            os.kill(child, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _live_and_end(orders: Orders, open_consumer: OpenConsumer) -> None:
    try:
        live(orders, open_consumer)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    run()
