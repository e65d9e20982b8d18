"""Servers as processes of their own, so that neither's interpreter is the other's limit, nor the load's."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import processes
from benchmarks.processes import SPAWN, told_to_stop
from multigrain.settings import Settings

if TYPE_CHECKING:
    # A server's process begins by importing this file: what a scene is made with would be in its memory for ever.
    from benchmarks.serving.scene import Scene

START_SECONDS = 1_200.0
"""A million items are read into columns and titles before the first answer, on a machine that may have other work."""

Program = Callable[[Settings, Connection], None]
"""Serves until SIGTERM; sends its address through the connection as soon as it listens."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that was started."""

    address: str
    pid: int

    @property
    def resident_mb(self) -> float:
        """What it holds in memory now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def running(*programs: tuple[Program, Settings]) -> Iterator[list[Running]]:
    """The programs side by side, until the block ends."""
    with ExitStack() as stack:
        pipes = [stack.enter_context(_started(program, settings)) for program, settings in programs]
        yield [_listening(process, pipe) for process, pipe in pipes]


@contextmanager
def _started(program: Program, settings: Settings) -> Iterator[tuple[BaseProcess, Connection]]:
    ours, theirs = SPAWN.Pipe()
    with processes.running(SPAWN.Process(target=program, args=(settings, theirs))) as process:
        # Ours only: a program that dies before it listens must be noticed, and not waited for.
        theirs.close()
        yield process, ours


def _listening(process: BaseProcess, pipe: Connection) -> Running:
    if not pipe.poll(START_SECONDS):
        raise TimeoutError(f"a server did not listen within {START_SECONDS:.0f} s")
    assert process.pid is not None  # it was started
    return Running(pipe.recv(), process.pid)


def served(scene: "Scene") -> Settings:
    """Settings for `multigrain serve`'s server on the scene, open to this machine and to nobody's limits."""
    settings = scene.settings_of("server")
    server = {
        "host": "127.0.0.1",
        "port": 0,
        "compile_queries": scene.extent.compiled,
        # It would be right to complain: the vectors of a scene are not those of its item tower.
        "canary_minutes": 0.0,
        "slow_ms": 0.0,
        "tls_cert": None,
        "tls_key": None,
        "tls_client_ca": None,
        "tokens_file": None,
        "client_rate": 0.0,
    }
    return settings.model_copy(update={"server": settings.server.model_copy(update=server)})


def serve(settings: Settings, told: Connection) -> None:
    """What `multigrain serve` does, for a process of a bench."""
    from multigrain.garbage import spare_what_stays
    from multigrain.saved_towers import import_runtime
    from server.app import build_server

    stop = told_to_stop()
    server = build_server(settings)
    import_runtime()
    spare_what_stays()
    server.start()
    told.send(server.address)
    stop.wait()
    server.stop()
