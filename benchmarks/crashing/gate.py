"""A gate before a server. Shut, the server is gone for whoever comes through it; opened, it is back."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 1 << 16


class Gate:
    """Passes bytes on, both ways, for any number of connections. Made by `open_gate`."""

    def __init__(self, behind: tuple[str, int], listener: socket.socket) -> None:
        self._behind = behind
        self._listener = listener
        self._lock = threading.Lock()
        self._is_shut = False
        self._open: set[socket.socket] = set()

    @property
    def port(self) -> int:
        """On loopback."""
        return int(self._listener.getsockname()[1])

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Every connection ends at once, and a further one as soon as it is made."""
        self._close_all(is_shut=True)
        yield
        with self._lock:
            self._is_shut = False

    def serve(self) -> None:
        """Until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._let_in(client)

    def close(self) -> None:
        # A thread that waits in accept is not woken by a close alone.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._close_all(is_shut=True)

    def _let_in(self, client: socket.socket) -> None:
        with self._lock:
            try:
                server = None if self._is_shut else socket.create_connection(self._behind)
            except OSError:
                server = None
            if server is None:
                client.close()
                return
            self._open |= {client, server}
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                sink.sendall(data)
        with self._lock:
            for end in {source, sink} & self._open:
                _end(end)
            self._open -= {source, sink}

    def _close_all(self, *, is_shut: bool) -> None:
        with self._lock:
            self._is_shut = is_shut
            for end in self._open:
                _end(end)
            self._open.clear()


@contextmanager
def open_gate(host: str, port: int) -> Iterator[Gate]:
    gate = Gate((host, port), socket.create_server(("127.0.0.1", 0)))
    thread = threading.Thread(target=gate.serve, daemon=True)
    thread.start()
    try:
        yield gate
    finally:
        gate.close()
        thread.join()


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
