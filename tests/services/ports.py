"""Free ports for our servers, claimed so that two runs side by side never get the same one.

Ports are taken below the range from which the kernel serves outgoing connections: a client elsewhere on the machine
cannot be given one between our look and the server's bind. A claim is a lock on a small file and ends with this
process.
"""

import errno
import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

LOWEST = 20_000
HIGHEST = 32_000


class Claim:
    """Some ports, ours until `release`."""

    def __init__(self, locks: dict[int, IO[str]]) -> None:
        self._locks = locks

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(self._locks)

    def release(self) -> None:
        for lock in self._locks.values():
            lock.close()


def claim(count: int, *, prefer: Sequence[int] = ()) -> Claim:
    """Claims `count` free ports: the preferred ones if every one of them is free, else any."""
    if len(prefer) == count:
        preferred = _claim_from(iter(prefer), count)
        if preferred:
            return preferred
    span = range(LOWEST, min(HIGHEST, _first_outgoing_port()))
    claimed = _claim_from(iter(random.sample(span, len(span))), count)
    if not claimed:
        raise OSError(f"no {count} free ports between {span.start} and {span.stop}: end the servers that hold them")
    return claimed


def is_listening(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def _claim_from(candidates: Iterator[int], count: int) -> Claim | None:
    locks: dict[int, IO[str]] = {}
    for port in candidates:
        if lock := _lock(port):
            if _is_free(port):
                locks[port] = lock
            else:
                lock.close()
        if len(locks) == count:
            return Claim(locks)
    Claim(locks).release()
    return None


def _lock(port: int) -> IO[str] | None:
    folder = Path(tempfile.gettempdir()) / f"multigrain-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = (folder / str(port)).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _is_free(port: int) -> bool:
    # All interfaces are tried, not only loopback: Milvus listens on all, and drifts to another port if one is taken.
    return _can_bind(socket.AF_INET, "0.0.0.0", port) and _can_bind(socket.AF_INET6, "::", port)


def _can_bind(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family) as server:
            # As servers do: what is left of ended connections does not make a port taken.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            server.bind((host, port))
    except OSError as refusal:
        # A machine without IPv6 refuses for that reason, not because of the port.
        return refusal.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
    return True


def _first_outgoing_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        return HIGHEST
