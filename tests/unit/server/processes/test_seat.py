"""What each process gets of the whole."""

from hypothesis import given
from hypothesis import strategies as st

from multigrain.settings import ServerSettings, Settings, TelemetrySettings
from server.processes.seat import Seat, share_of


def a_seat(number: int = 1, processes: int = 2) -> Seat:
    return Seat(
        number=number,
        processes=processes,
        host="127.0.0.1",
        port=4711,
        restarts=0,
        opens_at_once=True,
        board=3,
        lifeline=4,
        columns=5,
        titles="titles",
        metrics=None,
    )


def test_a_seat_travels_as_one_argument() -> None:
    assert Seat.from_argument(a_seat().to_argument()) == a_seat()


@given(st.integers(2, 128), st.integers(1, 1000), st.floats(0.01, 1e4), st.integers(1, 10_000))
def test_the_limits_of_all_together_are_those_of_the_settings_rounded_up(
    processes: int, max_concurrent: int, rate: float, burst: int
) -> None:
    whole = Settings(server=ServerSettings(max_concurrent=max_concurrent, client_rate=rate, client_burst=burst))
    part = share_of(whole, a_seat(processes=processes)).server
    assert max_concurrent <= processes * part.max_concurrent < max_concurrent + processes
    assert burst <= processes * part.client_burst < burst + processes
    assert abs(processes * part.client_rate - rate) < 1e-6 * rate


def test_no_limit_stays_no_limit() -> None:
    assert share_of(Settings(server=ServerSettings(client_rate=0)), a_seat()).server.client_rate == 0


def test_only_the_first_tries_the_live_index() -> None:
    whole = Settings(server=ServerSettings(canary_minutes=5))
    assert [share_of(whole, a_seat(number)).server.canary_minutes for number in (1, 2)] == [5, 0]


def test_no_process_opens_the_port_of_the_metrics_or_another_address() -> None:
    whole = Settings(
        server=ServerSettings(host="0.0.0.0", port=0, processes=2), telemetry=TelemetrySettings(metrics_port=9100)
    )
    part = share_of(whole, a_seat())
    assert (part.telemetry.metrics_port, part.server.host, part.server.port) == (0, "127.0.0.1", 4711)
