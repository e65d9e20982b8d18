"""A real part that runs and answers, however it was come by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.services.server import LocalServer

How = Literal["environment", "docker", "process"]


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    address: str  # milvus: http://HOST:PORT; kafka: HOST:PORT; postgres: a SQLAlchemy URL
    how: How
    version: str  # as far as the server tells: Kafka does not
    stop: Callable[[], None]  # does nothing to a server that somebody else started
    server: LocalServer | None = None  # None: not a process of ours, so it can be neither killed nor restarted

    def kill(self) -> None:
        """SIGKILL, as a crash would. The data and the address stay; `restart` brings it back."""
        self._own_server().kill()

    def restart(self) -> None:
        self._own_server().restart()

    def _own_server(self) -> LocalServer:
        if self.server is None:
            raise TypeError(f"{self.name} is no process of ours but {self.how}: ask for the fixture own_{self.name}")
        return self.server
