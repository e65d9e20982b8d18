"""Finds the real Milvus, Kafka and PostgreSQL for this run: each once, when it is asked for, until the run ends.

The ways are tried in the order of `WAYS`. A server whose address the environment gives is the only one that will do:
if it does not answer, nothing else is tried, for whoever set the address meant that server.
"""

import atexit
import os
import threading
import time
from collections.abc import Callable, Mapping

from tests.services.kafka import KafkaServer
from tests.services.milvus import MilvusServer
from tests.services.postgres import PostgresServer
from tests.services.probe import VERSION_OF, NoAnswer
from tests.services.run import Run
from tests.services.server import LocalServer
from tests.services.service import Service
from tests.services.unavailable import CannotProvide, DidNotStart, Unavailable

SERVERS: Mapping[str, type[LocalServer]] = {"milvus": MilvusServer, "kafka": KafkaServer, "postgres": PostgresServer}
NAMES = tuple(SERVERS)
CONTAINER_SECONDS = 60

_lock = threading.RLock()
_resolved: dict[str, Service | Unavailable] = {}
_started: list[Service] = []
_sources: dict[str, str] = {}
_run: Run | None = None  # None: no local server has been started yet
_owner = os.getpid()


def resolve(name: str) -> Service | Unavailable:
    """The service of this run, the same one for every test."""
    with _lock:
        if name not in _resolved:
            _resolved[name] = _first_way_that_works(name)
        return _resolved[name]


def sources() -> Mapping[str, str]:
    """How each part that this run has was come by: {"milvus": "process, 2.3.5"}."""
    return dict(_sources)


def start_own(name: str) -> Service | Unavailable:
    """One more server, always a local process, for a test that will kill it. It lives until it is stopped."""
    with _lock:
        try:
            return from_process(name)
        except CannotProvide as obstacle:
            return Unavailable(name, obstacle.reason, obstacle.cure)


@atexit.register
def stop_all() -> None:
    """Ends what this run has started. A process forked from this one leaves it alone."""
    global _run
    if os.getpid() != _owner:
        return
    with _lock:
        while _started:
            _started.pop().stop()
        _resolved.clear()
        if _run:
            _run.end()
            _run = None


def variable(name: str) -> str:
    return f"MULTIGRAIN_TEST_{name.upper()}"


def from_environment(name: str) -> Service | None:
    """None: the environment says nothing about it."""
    address = os.environ.get(variable(name))
    if not address:
        return None
    try:
        version = VERSION_OF[name](address)
    except NoAnswer as failure:
        raise CannotProvide(
            f"{variable(name)} is {address}, where no {name} answers: {failure}",
            cure=f"start it, correct the address, or unset {variable(name)} to have a server started here",
        ) from failure
    return _remembered(Service(name, address, "environment", version, stop=lambda: None))


def from_docker(name: str) -> Service:
    # Imported here: it takes a second that a run without services need not spend.
    from tests.services import containers

    if refusal := containers.refusal():
        raise CannotProvide(refusal, cure="start a Docker engine on this machine")
    container = containers.start(name)
    try:
        version = _version_once_it_answers(name, container.address)
    except NoAnswer as failure:
        container.stop()
        raise DidNotStart(
            f"the container {containers.image(name)} runs but no {name} answers at {container.address}: {failure}",
            cure="use a Docker engine on this machine, not a remote one",
        ) from failure
    # Kafka does not say its release; the image's tag does.
    version = version or containers.image(name).rpartition(":")[2]
    return _remembered(Service(name, container.address, "docker", version, stop=container.stop))


def from_process(name: str) -> Service:
    global _run
    if _run is None:
        _run = Run()
    folder, log = _run.place(name)
    server = SERVERS[name](folder, log, keeper=_run.keeper)
    server.start()
    return _remembered(Service(name, server.address, "process", server.version, server.stop, server))


WAYS: tuple[Callable[[str], Service | None], ...] = (from_environment, from_docker, from_process)


def _first_way_that_works(name: str) -> Service | Unavailable:
    obstacles: list[CannotProvide] = []
    for way in WAYS:
        try:
            if service := way(name):
                return service
        except CannotProvide as obstacle:
            obstacles.append(obstacle)
            if way is from_environment:
                break
    # The last way is the one that needs least, so its cure is the one to give.
    return Unavailable(name, "; ".join(obstacle.reason for obstacle in obstacles), obstacles[-1].cure)


def _remembered(service: Service) -> Service:
    _started.append(service)
    _sources[service.name] = f"{service.how}, {service.version}".rstrip(", ")
    return service


def _version_once_it_answers(name: str, address: str) -> str:
    deadline = time.monotonic() + CONTAINER_SECONDS
    while True:
        try:
            return VERSION_OF[name](address)
        except NoAnswer:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
