"""A port that several processes of ours may listen on, and nobody else.

With SO_REUSEPORT any other server of the same user could join in without a word and take a share of the calls. So the
port is taken alone first, which fails when somebody listens there, and is opened to our own processes afterwards: there
is no moment in between. Our socket never listens, so the kernel gives it no connection; it holds the port while
processes come and go.
"""

import socket
from contextlib import ExitStack

from multigrain.errors import Unavailable


class SharedPort:
    """Taken from its making to `close`."""

    def __init__(self, host: str, port: int) -> None:
        """`port`: 0 for a free one. Raises Unavailable that names an address which cannot be taken."""
        self.host = host
        with ExitStack() as held:
            try:
                holder = held.enter_context(_bound(host, port))
                self.port: int = holder.getsockname()[1]
                held.enter_context(_lock_of(self.port))
            except socket.gaierror as error:
                raise Unavailable(f"cannot listen on {host}:{port}: {error.strerror}: mend server.host") from None
            except OSError:
                raise Unavailable(
                    f"cannot listen on {host}:{port}: is another server there? Stop it, or set server.port (0: a free "
                    "one)"
                ) from None
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self._held = held.pop_all()

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def close(self) -> None:
        self._held.close()


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    holder = socket.socket(family, kind, protocol)
    try:
        # Connections of a server that was stopped moments ago do not count as somebody who is there.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(address)
    except OSError:
        holder.close()
        raise
    return holder


def _lock_of(port: int) -> socket.socket:
    """A name in the network that the port belongs to, gone with its holder.

    Two sockets that do not listen may both be bound to a port: without it, two services that start at the same time
    would share one.
    """
    lock = socket.socket(socket.AF_UNIX)
    try:
        lock.bind(f"\0multigrain-port-{port}")
    except OSError:
        lock.close()
        raise
    return lock
