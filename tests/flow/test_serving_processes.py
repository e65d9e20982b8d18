"""Several processes behind one port, as their callers, an orchestrator and a collector of metrics see them.

The tests of this file follow one another on the same processes; the last one stops them.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import grpc
import pytest

from multigrain.answers import ServerProcess, ServerStatus
from multigrain.client import Client
from multigrain.client_channel import open_channel
from multigrain.v1 import retrieval_pb2 as pb
from multigrain.v1 import retrieval_pb2_grpc as pb_grpc
from tests.builders import an_item
from tests.flow.serving import Shop, eventually, open_shop, serving
from tests.services.ports import claim

pytestmark = pytest.mark.slow

START_SECONDS = 60
"""Of a process, on a machine that has other things to do."""


@dataclass
class Together:
    """The supervisor, as its starter sees it."""

    supervisor: "subprocess.Popen[bytes]"
    shop: Shop
    log: Path
    port: int
    metrics_port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def status(self) -> ServerStatus:
        # Who looks without a pause takes the cores from what it waits for.
        time.sleep(0.1)
        with Client(self.address) as client:
            return client.status()

    def serving(self) -> int:
        return sum(process.serving for process in self.status().processes)

    def process(self, number: int) -> ServerProcess:
        return self.status().processes[number - 1]

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def pid(self, number: int) -> int:
        """Of the process that has that number now."""
        started = [line for line in self.lines() if line["message"] == "process started" and line["number"] == number]
        return int(str(started[-1]["pid"]))

    def counted(self, sample: str) -> float:
        page = urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5).read().decode()
        found = re.search(rf"^{re.escape(sample)} (\S+)$", page, re.M)
        return float(found[1]) if found else 0.0


@contextmanager
def together(folder: Path, processes: int) -> Iterator[Together]:
    """All of them serve. Afterwards nothing runs, however they ended."""
    shop = open_shop(folder)
    ports = claim(2)
    port, metrics_port = ports.ports
    log = folder / "log"
    command = [sys.executable, "-m", "tests.flow.a_supervisor", str(processes), str(port), str(metrics_port)]
    environment = {**os.environ, "MULTIGRAIN_TEST_SHOP": str(folder)}
    with log.open("wb") as output:
        supervisor = subprocess.Popen(command, env=environment, stderr=output)
    with supervisor:
        started = Together(supervisor, shop, log, port, metrics_port)
        try:
            with Client(started.address) as client:
                client.wait_until_serving(START_SECONDS)
            eventually(started.serving, lambda count: count == processes, seconds=START_SECONDS)
            yield started
        except BaseException as error:
            error.add_note(log.read_text()[-4000:])
            raise
        finally:
            supervisor.kill()
            ports.release()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    with together(tmp_path_factory.mktemp("shop"), 2) as started:
        yield started


@dataclass
class Load:
    """What its callers met."""

    answers: int = 0
    errors: Sequence[BaseException] = ()


@contextmanager
def load(address: str, callers: int = 4) -> Iterator[Load]:
    """Callers with a connection each, one call after the other, until the block ends."""
    over, load = Event(), Load()

    def call() -> int:
        with Client(address, timeout_seconds=20) as client:
            count = 0
            while not over.is_set():
                assert len(client.retrieve("red dress", limit=5)) == 5
                count += 1
                time.sleep(0.05)
        return count

    with ThreadPoolExecutor(callers) as threads:
        calls = [threads.submit(call) for _ in range(callers)]
        try:
            yield load
        finally:
            over.set()
    load.errors = [error for error in (one.exception() for one in calls) if error is not None]
    load.answers = sum(one.result() for one in calls if one.exception() is None)


def test_processes_share_one_port_and_each_tells_of_all(two: Together) -> None:
    with ExitStack() as clients:
        asked = [clients.enter_context(Client(two.address)) for _ in range(20)]
        told = [client.status() for client in asked]
        assert [len(client.retrieve("red dress", limit=5)) for client in asked] == [5] * 20
    # Each process says when it itself started: connections came to both of them.
    assert len({status.started for status in told}) == 2
    assert {tuple(process.number for process in status.processes) for status in told} == {(1, 2)}
    first, second = told[0].processes
    assert (first.serving, first.generation_id, first.catalogue_revision, first.restarts) == (True, "g-1", 60, 0)
    assert (second.serving, second.generation_id, second.catalogue_revision, second.restarts) == (True, "g-1", 60, 0)


def test_the_log_says_once_that_the_whole_listens_and_which_process_wrote_a_line(two: Together) -> None:
    assert [line.get("processes") for line in two.lines() if line["message"] == "listening"] == [2]
    assert Counter(line["process"] for line in two.lines() if line["message"] == "generation is live") == {1: 1, 2: 1}


def test_metrics_of_all_processes_add_up_at_one_address(two: Together) -> None:
    sample = 'multigrain_requests_total{method="Retrieve",status="OK"}'
    before = two.counted(sample)
    with ExitStack() as clients:
        for _ in range(10):
            clients.enter_context(Client(two.address)).retrieve("red dress", limit=5)
    assert two.counted(sample) == before + 10


def test_a_change_comes_to_all_even_when_who_keeps_the_catalogue_was_killed(two: Together) -> None:
    def revisions() -> set[int]:
        return {process.catalogue_revision for process in two.status().processes}

    def finds(title: str) -> bool:
        with ExitStack() as clients:
            asked = [clients.enter_context(Client(two.address)) for _ in range(8)]
            return all(len(client.retrieve(title, limit=5, channels={"lexical": 5})) == 1 for client in asked)

    two.shop.stock([an_item(61, title="umbrella")])
    eventually(revisions, lambda seen: seen == {61})
    eventually(lambda: finds("umbrella"), bool)

    os.kill(two.pid(0), signal.SIGKILL)
    two.shop.stock([an_item(62, title="parasol")])
    assert finds("umbrella")
    eventually(revisions, lambda seen: seen == {62}, seconds=START_SECONDS)
    eventually(lambda: finds("parasol"), bool)
    assert finds("umbrella")


def test_a_killed_process_is_replaced_and_no_caller_notices(two: Together) -> None:
    sample = 'multigrain_requests_total{method="Retrieve",status="OK"}'
    counted = two.counted(sample)
    with load(two.address) as calls:
        os.kill(two.pid(2), signal.SIGKILL)
        eventually(lambda: two.process(2).restarts, lambda restarts: restarts == 1)
        eventually(two.serving, lambda count: count == 2, seconds=START_SECONDS)
    assert (list(calls.errors), calls.answers > 0) == ([], True)
    assert (two.process(1).restarts, two.process(2).restarts) == (0, 1)
    assert two.counted('multigrain_process_restarts_total{number="2"}') == 1
    # What the killed one had counted is not lost: a total that falls looks like a restart of everything.
    assert two.counted(sample) >= counted + calls.answers


def test_a_hangup_restarts_one_after_the_other_and_no_caller_notices(two: Together) -> None:
    before = [two.process(number).started for number in (1, 2)]
    least: list[int] = []

    def renewed() -> int:
        processes = two.status().processes
        least.append(sum(process.serving for process in processes))
        return sum(process.serving and process.started != then for process, then in zip(processes, before, strict=True))

    with load(two.address) as calls:
        two.supervisor.send_signal(signal.SIGHUP)
        eventually(renewed, lambda count: count == 2, seconds=2 * START_SECONDS)
    assert (list(calls.errors), calls.answers > 0) == ([], True)
    assert min(least) == 1
    assert (two.process(1).restarts, two.process(2).restarts) == (0, 1)


def test_a_stop_under_load_breaks_no_call_and_leaves_no_process(two: Together) -> None:
    pids = [two.pid(1), two.pid(2)]

    with load(two.address) as calls:
        time.sleep(0.3)
        two.supervisor.terminate()
        assert two.supervisor.wait(20) == 0
    # Each caller was answered until there was nobody to connect to.
    assert [str(error) for error in calls.errors if "failed to connect" not in str(error)] == []
    assert len(calls.errors) == 4
    assert [pid for pid in pids if state_of(pid)] == []


def test_connections_end_by_age_and_no_call_notices(tmp_path: Path) -> None:
    states: list[grpc.ChannelConnectivity] = []
    # An age of 1.2 seconds.
    with (
        serving(open_shop(tmp_path), processes=2, connection_minutes=0.02, drain_seconds=1) as (server, _),
        open_channel(grpc, server.address, None) as channel,
    ):
        channel.subscribe(states.append)
        retrieve = pb_grpc.RetrievalServiceStub(channel).Retrieve
        ends_at = time.monotonic() + 3
        while time.monotonic() < ends_at:
            # Without another try: one that is refused fails the test.
            retrieve(pb.RetrieveRequest(query="red dress", limit=5), timeout=20)
    assert states.count(grpc.ChannelConnectivity.READY) >= 2


def state_of(pid: int) -> str:
    """'' when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
