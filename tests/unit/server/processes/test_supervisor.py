"""The supervisor over programs of a few lines: what it does about those that do not stay."""

import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest

from multigrain.errors import InvalidConfig, Unavailable
from multigrain.settings import MilvusSettings, ServerSettings, Settings
from server.processes.child import Child, Ended
from server.processes.ending import ended_how
from server.processes.launcher import Plan
from server.processes.possible import refuse_impossible
from server.processes.shared_port import SharedPort
from server.processes.supervisor import Supervisor
from tests.flow.serving import eventually

SITS = "import time; time.sleep(60)"


@pytest.fixture
def port() -> Iterator[SharedPort]:
    port = SharedPort("127.0.0.1", 0)
    yield port
    port.close()


def a_supervisor(port: SharedPort, program: str) -> Supervisor:
    """Of two processes that are this program; its first argument is the seat."""
    command = (sys.executable, "-c", textwrap.dedent(program))
    plan = Plan(
        processes=2,
        drain_seconds=0,
        environment=os.environ,
        titles="",
        command=command,
        back_off_seconds=0.01,
    )
    return Supervisor(plan, port)


def test_a_process_that_never_stays_ends_the_whole_with_its_last_words(port: SharedPort) -> None:
    program = """
        import json, sys
        from server.processes.board import Board, Entry
        seat = json.loads(sys.argv[1])
        Board(seat["board"], 2).write(Entry(number=seat["number"], problem="the shop is broken"))
        sys.exit(3)
    """
    with pytest.raises(
        Unavailable,
        match=r"process [01] ended 5 times in a row, the last time by exit code 3, saying: the shop is broken",
    ):
        a_supervisor(port, program).run()


def test_a_wrong_setting_is_not_tried_again(port: SharedPort, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(Unavailable, match=r"process [01] cannot start"):
        a_supervisor(port, "import sys; sys.exit(2)").run()
    assert [record.message for record in caplog.records].count("process started") <= 2


def test_a_process_that_does_not_heed_the_stop_is_killed(port: SharedPort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.processes.supervisor.MARGIN_SECONDS", 0.3)
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SITS}"
    threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGTERM)).start()
    began = time.monotonic()
    # Returns when every process has ended; these would sit for a minute.
    a_supervisor(port, deaf).run()
    assert 0.7 + 0.3 < time.monotonic() - began < 30


@pytest.mark.parametrize("heeds", [True, False], ids=["one that heeds it", "one that hangs"])
def test_a_killed_supervisor_leaves_no_orphan(heeds: bool) -> None:
    process = f"""
        import os, sys, time
        from server.processes.seat import Seat
        from server.processes.told import Told
        told = Told(Seat.from_argument(sys.argv[1]))
        told.patience_seconds = {60 if heeds else 0.1}
        os.write(1, b"%d\\n" % os.getpid())  # in one piece, buffered or not
        {"told.to_end.wait()" if heeds else "time.sleep(60)"}
    """
    program = f"""
        import os, sys
        from server.processes.launcher import Plan
        from server.processes.shared_port import SharedPort
        from server.processes.supervisor import Supervisor
        command = (sys.executable, "-c", {textwrap.dedent(process)!r})
        plan = Plan(processes=1, drain_seconds=0, environment=os.environ, titles="", command=command)
        Supervisor(plan, SharedPort("127.0.0.1", 0)).run()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        try:
            pids = [int(supervisor.stdout.readline()) for _ in range(2)]
        finally:
            supervisor.kill()
        eventually(lambda: [pid for pid in pids if is_running(pid)], lambda left: not left, seconds=20)


def is_running(pid: int) -> bool:
    """Whose parent is gone may stay a zombie, where nobody takes it over."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_signals_are_as_before_afterwards(port: SharedPort) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    with pytest.raises(Unavailable):
        a_supervisor(port, "import sys; sys.exit(2)").run()
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)] == before


def ending(number: int, restarts: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-S", "-c", f"raise SystemExit({restarts})"])


def end_of(child: Child, now: float) -> Ended:
    while (ended := child.ended(now)) is None:
        time.sleep(0.005)
    return ended


def test_the_wait_doubles_with_each_failure_and_begins_anew_after_a_good_minute() -> None:
    child = Child(7, ending, back_off_seconds=1.0)
    assert (child.due, child.runs) == (inf, False)
    waits = []
    for lasted in (0.0, 10.0, 59.0, 61.0, 0.0):
        child.start(1000.0)
        end_of(child, 1000.0 + lasted)
        waits.append(child.due - (1000.0 + lasted))
    assert waits == [1, 2, 4, 1, 2]
    assert (child.restarts, child.failures) == (5, 2)


def test_an_end_that_was_asked_for_is_no_failure_and_needs_no_wait() -> None:
    child = Child(1, lambda number, restarts: subprocess.Popen([sys.executable, "-c", SITS]), back_off_seconds=1.0)
    child.start(1000.0)
    child.ask_to_end(1001.0, patience_seconds=5)
    assert child.is_ending
    assert end_of(child, 1002.0) == Ended(-signal.SIGTERM, asked=True)
    assert (child.restarts, child.failures, child.due) == (0, 0, 1002.0)


def test_only_a_long_silence_is_a_hang() -> None:
    child = Child(1, ending, back_off_seconds=1.0)
    assert not any(child.is_hung(silent=True) for _ in range(250))
    assert not child.is_hung(silent=False)
    assert [child.is_hung(silent=True) for _ in range(251)].index(True) == 250


@pytest.mark.parametrize(("code", "words"), [(3, "exit code 3"), (-9, "SIGKILL"), (-99, "signal 99")])
def test_an_exit_code_in_words(code: int, words: str) -> None:
    assert ended_how(code) == words


def test_what_several_processes_cannot_serve_is_refused_with_a_cure() -> None:
    served = Settings(server=ServerSettings(processes=2), milvus=MilvusSettings(uri="http://127.0.0.1:19530"))
    refuse_impossible(served, platform="linux")
    with pytest.raises(InvalidConfig, match="or on Linux"):
        refuse_impossible(served, platform="darwin")
    embedded = served.model_copy(update={"milvus": MilvusSettings(uri="shop.db")})
    with pytest.raises(InvalidConfig, match=r"Milvus Lite opens shop\.db for one process only: set milvus\.uri"):
        refuse_impossible(embedded, platform="linux")


def test_the_command_refuses_them_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from commands.main import main

    monkeypatch.chdir(tmp_path)
    assert main(["serve", "--processes", "2", "--port", "0"]) == 2
    assert "set milvus.uri to a server, or serve with one process" in capsys.readouterr().err


def test_the_supervisor_loads_neither_grpc_nor_tensorflow() -> None:
    program = (
        "import sys\nimport server.processes.together\n"
        "print([name for name in ('grpc', 'tensorflow', 'pymilvus', 'sqlalchemy') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
