"""Several consumers of one group, each a process of its own: how a stream is run where one consumer is not enough."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

END_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Member:
    """One of them: benchmarks/member.py, told by lines and answering by lines."""

    process: "subprocess.Popen[str]"

    def tell(self) -> None:
        assert self.process.stdin  # it was opened with a pipe
        print("go on", file=self.process.stdin, flush=True)

    def hear(self) -> str:
        """Its next line. Raises RuntimeError when it has ended."""
        assert self.process.stdout  # it was opened with a pipe
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("a consumer of the group has ended: see what it said above")
        return line

    def end(self) -> None:
        """By the end of its input, so that it leaves its group; or else by a kill."""
        try:
            self.process.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


@dataclass(frozen=True, slots=True)
class Group:
    """Members that share the partitions of a topic."""

    members: Sequence[Member]

    def seconds_for(self, events: int) -> float:
        """How long they take for what is in the topic by now, until the slowest is through.

        Raises RuntimeError when that was not so many: a rate of lost events is worth nothing.
        """
        started = time.perf_counter()
        for member in self.members:
            member.tell()
        taken = sum(int(member.hear()) for member in self.members)
        seconds = time.perf_counter() - started
        if taken != events:
            raise RuntimeError(f"{taken:,} of {events:,} events were taken")
        return seconds


@contextmanager
def open_group(
    members: int, *, database_url: str, bootstrap: str, topic: str, partitions: int, batch: int
) -> Iterator[Group]:
    """Consumers that have joined, each with its share of the topic's partitions."""
    share = str(partitions // members)
    command = [sys.executable, "-m", "benchmarks.member", database_url, bootstrap, topic, share, str(batch)]
    group = [
        Member(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        for _ in range(members)
    ]
    try:
        for member in group:
            member.hear()
        yield Group(group)
    finally:
        for member in group:
            member.end()
