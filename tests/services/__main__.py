"""python -m tests.services up | down | status | fetch

`up` prints nothing but `export` lines on standard output, so that `eval "$(python -m tests.services up)"` sets them
in a shell.
"""

import argparse
import signal
import sys
from pathlib import Path

from tests.services import kafka_jars, milvus_wheel, postgres
from tests.services.cache import say, shown
from tests.services.resolution import NAMES
from tests.services.stack import Entry, opened
from tests.services.unavailable import CannotProvide


def up(folder: Path) -> int:
    with opened(folder) as stack:
        failures = 0
        for name in NAMES:
            try:
                say(_line(name, stack.up(name)))
            except CannotProvide as obstacle:
                failures += 1
                say(f"no {name}: {obstacle.reason}\n  to get it: {obstacle.cure}")
        for variable, address in stack.variables().items():
            print(f"export {variable}={address}")
        if "milvus" in stack.entries:
            say("this Milvus listens on every interface, without a password: keep the machine behind a firewall")
        say(f"end them with: {_how_to_end(folder)}")
    return 1 if failures else 0


def down(folder: Path) -> int:
    with opened(folder) as stack:
        ended = [name for name in NAMES if stack.down(name)]
        say(f"ended {', '.join(ended)}; data stay in {shown(stack.folder)}" if ended else "nothing was running")
    return 0


def status(folder: Path) -> int:
    with opened(folder) as stack:
        for name, entry in stack.entries.items():
            print(_line(name, entry))
        everything_runs = [entry.state() for entry in stack.entries.values()] == ["runs"] * len(NAMES)
    return 0 if everything_runs else 1


def fetch() -> int:
    failures = 0
    for name, get in (("milvus", milvus_wheel.fetch), ("kafka", kafka_jars.fetch), ("postgres", postgres.binaries)):
        try:
            say(f"{name} is in {shown(get())}")
        except CannotProvide as obstacle:
            failures += 1
            say(f"no {name}: {obstacle.reason}\n  to get it: {obstacle.cure}")
    return 1 if failures else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.services", description="Real Milvus, Kafka and PostgreSQL.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("up", "start all three, to outlive this command"),
        ("down", "end what `up` started; data stay"),
        ("status", "say what runs; exit code 0 if all three do"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("--dir", type=Path, default=Path(".up"), help="data, logs and stack.json (default: .up)")
    commands.add_parser("fetch", help="download what they need, and start nothing")
    asked = parser.parse_args()
    # A server that is just being started ends with this command. A plain SIGTERM would orphan it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if asked.command == "fetch":
        return fetch()
    if asked.command != "up" and not asked.dir.is_dir():
        say(f"nothing has been started in {asked.dir}: python -m tests.services up --dir {asked.dir}")
        return 0 if asked.command == "down" else 1
    try:
        return {"up": up, "down": down, "status": status}[asked.command](asked.dir)
    except KeyboardInterrupt:
        say(f"interrupted. What has started by now runs on; end it with: {_how_to_end(asked.dir)}")
        return 128 + signal.SIGINT


def _how_to_end(folder: Path) -> str:
    return f"python -m tests.services down --dir {folder}"


def _line(name: str, entry: Entry) -> str:
    return f"{name:8}  {entry.version:6}  {entry.state()}, pid {entry.identity.pid}, {entry.address}"


if __name__ == "__main__":
    sys.exit(main())
