"""All three servers for a person at work: local processes that outlive the command that started them.

They live in one folder: their data, their logs, and `stack.json`, which says what runs where and is all that `down`
and `status` go by. Data stay when the servers are stopped; the next `up` continues with them, on the same ports if
these are still free.
"""

import fcntl
import json
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.services.cache import say
from tests.services.kafka_topics import ensure_topics
from tests.services.ports import is_listening
from tests.services.postgres import ensure_database, url_of
from tests.services.process import Identity
from tests.services.resolution import NAMES, SERVERS
from tests.services.server import LocalServer

DATABASE = "multigrain"
# The defaults of kafka.items_topic and kafka.behavior_topic, and where what they could not take goes; with partitions.
TOPICS = {
    "multigrain.items": 4,
    "multigrain.behavior": 4,
    "multigrain.items.dead": 1,
    "multigrain.behavior.dead": 1,
}
VARIABLES = {
    "milvus": "MULTIGRAIN_MILVUS_URI",
    "kafka": "MULTIGRAIN_KAFKA_BOOTSTRAP",
    "postgres": "MULTIGRAIN_DATABASE_URL",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A server as `stack.json` has it."""

    address: str
    version: str
    identity: Identity
    stop_signal: str
    ports: tuple[int, ...]
    log: str

    def state(self) -> str:
        if not self.identity.is_alive():
            return "has ended"
        return "runs" if is_listening(self.ports[0]) else "runs but does not answer"


@dataclass
class Stack:
    """The servers of one folder. Use it inside `opened`."""

    folder: Path
    entries: dict[str, Entry] = field(default_factory=dict)

    def up(self, name: str) -> Entry:
        """Starts the server unless it runs, writes it down, and furnishes it. Raises CannotProvide."""
        last = self.entries.get(name)
        if last is None or not last.identity.is_alive():
            server = self._server(name, prefer_ports=last.ports if last else ())
            server.start()
            # Written down before anything else is done with it: from here on `down` ends it, whatever happens.
            self.entries[name] = _entry(server)
            self._write()
        _furnish(name, self.entries[name].address)
        return self.entries[name]

    def down(self, name: str) -> bool:
        """Ends the server if it is still the process that was written down. Whether there was something to end."""
        entry = self.entries.get(name)
        if entry is None or not entry.identity.is_alive():
            return False
        entry.identity.end(signal.Signals[entry.stop_signal], SERVERS[name].grace_seconds)
        for file in SERVERS[name].litter(entry.identity.pid):
            file.unlink(missing_ok=True)
        return True

    def variables(self) -> dict[str, str]:
        """What to set so that Multigrain's programs use these servers."""
        return {
            VARIABLES[name]: self.entries[name].address
            for name in NAMES
            if name in self.entries and self.entries[name].identity.is_alive()
        }

    def _server(self, name: str, *, prefer_ports: tuple[int, ...]) -> LocalServer:
        data, logs = self.folder / name, self.folder / "logs"
        for folder in (data, logs):
            folder.mkdir(parents=True, exist_ok=True)
        return SERVERS[name](data, logs / f"{name}.log", prefer_ports=prefer_ports)

    def _write(self) -> None:
        content = {
            "services": {name: asdict(entry) for name, entry in self.entries.items()},
            "variables": self.variables(),
            "stop": f"python -m tests.services down --dir {shlex.quote(str(self.folder))}",
        }
        # Whoever reads meanwhile sees the old file or the new one, never half of one.
        part = self.folder / "stack.json.part"
        part.write_text(json.dumps(content, indent=2) + "\n")
        part.rename(self.folder / "stack.json")


@contextmanager
def opened(folder: Path) -> Iterator[Stack]:
    """The stack of that folder. Two commands on the same folder take turns."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another command is at work on {folder}: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield Stack(folder, _read(folder / "stack.json"))


def _read(file: Path) -> dict[str, Entry]:
    if not file.exists():
        return {}
    services = json.loads(file.read_text())["services"]
    return {
        name: Entry(
            address=services[name]["address"],
            version=services[name]["version"],
            identity=Identity(**services[name]["identity"]),
            stop_signal=services[name]["stop_signal"],
            ports=tuple(services[name]["ports"]),
            log=services[name]["log"],
        )
        for name in NAMES
        if name in services
    }


def _entry(server: LocalServer) -> Entry:
    if server.identity is None:
        raise RuntimeError(f"{server.name} does not run, so it cannot be written down")
    return Entry(
        address=url_of(server.address, DATABASE) if server.name == "postgres" else server.address,
        version=server.version,
        identity=server.identity,
        stop_signal=server.gentle_signal.name,
        ports=server.ports,
        log=str(server.log),
    )


def _furnish(name: str, address: str) -> None:
    """Makes what Multigrain's programs expect to find: their topics, their database."""
    if name == "kafka":
        ensure_topics(address, TOPICS)
    elif name == "postgres":
        ensure_database(url_of(address, "postgres"), DATABASE)
