"""A port for several processes of ours, and for nobody else."""

import socket

import pytest

from multigrain.errors import Unavailable
from server.processes.shared_port import SharedPort


def a_listener(port: int, *, shared: bool) -> socket.socket:
    listener = socket.socket()
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    listener.listen()
    return listener


def test_processes_that_share_it_all_listen_and_the_holder_gets_no_connection() -> None:
    port = SharedPort("127.0.0.1", 0)
    with a_listener(port.port, shared=True) as one, a_listener(port.port, shared=True) as other:
        accepted = 0
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port.port), timeout=5):
                one.settimeout(0.05)
                try:
                    connection, _ = one.accept()
                except TimeoutError:
                    other.settimeout(5)
                    connection, _ = other.accept()
                connection.close()
                accepted += 1
    port.close()
    assert accepted == 20


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_with_a_foreign_server_is_refused_by_name_even_where_that_one_would_share_it(shared: bool) -> None:
    with a_listener(0, shared=shared) as foreign:
        number = foreign.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"cannot listen on 127\.0\.0\.1:{number}: is another server there\?"):
            SharedPort("127.0.0.1", number)


def test_a_second_service_on_the_same_port_is_refused() -> None:
    port = SharedPort("127.0.0.1", 0)
    with pytest.raises(Unavailable, match="is another server there"):
        SharedPort("127.0.0.1", port.port)
    port.close()


def test_who_does_not_share_cannot_take_it() -> None:
    port = SharedPort("127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        a_listener(port.port, shared=False)
    port.close()


def test_an_unknown_host_is_refused_by_name() -> None:
    with pytest.raises(Unavailable, match=r"cannot listen on nowhere\.invalid:0.*server\.host"):
        SharedPort("nowhere.invalid", 0)
