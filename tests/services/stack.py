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
from tests.services.kafka import ensure_topics
from tests.services.ports import is_listening
from tests.services.postgres import ensure_database
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
        """Starts the server unless it runs, and writes it down. Raises CannotProvide."""
        last = self.entries.get(name)
        if last and last.identity.is_alive():
            return last
        server = self._server(name, prefer_ports=last.ports if last else ())
        server.start()
        assert server.identity is not None
        self.entries[name] = Entry(
            address=_furnished(server),
            version=server.version,
            identity=server.identity,
            stop_signal=server.gentle_signal.name,
            ports=server.ports,
            log=str(server.log),
        )
        self._write()
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
        return {VARIABLES[name]: entry.address for name, entry in self.entries.items()}

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


def _furnished(server: LocalServer) -> str:
    """The address at which Multigrain's programs find what they need: a database, their topics."""
    if server.name == "postgres":
        return ensure_database(server.address, DATABASE)
    if server.name == "kafka":
        ensure_topics(server.address, TOPICS)
    return server.address
