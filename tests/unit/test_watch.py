import logging
import threading

import pytest

from multigrain.watch import Watch


def test_a_refresh_that_fails_is_tried_again_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    calls = 0
    enough = threading.Event()

    def fails_three_times() -> None:
        nonlocal calls
        calls += 1
        if calls <= 3:
            raise OSError("the store is down")
        enough.set()

    watch = Watch((fails_three_times,), every_seconds=0.001, after_each=lambda: None)
    with caplog.at_level(logging.INFO, "multigrain.watch"):
        watch.start()
        assert enough.wait(5)
        watch.stop()
        watch.join(seconds=5)
    assert [record.message for record in caplog.records] == [
        "a regular look fails, what was there stays",
        "the regular look works again",
    ]


def test_a_refresh_that_hangs_holds_up_no_other() -> None:
    go_on, others = threading.Event(), threading.Semaphore(0)
    watch = Watch((lambda: go_on.wait(10), others.release), every_seconds=0.001, after_each=lambda: None)
    watch.start()
    assert all(others.acquire(timeout=5) for _ in range(3))
    go_on.set()
    watch.stop()
    watch.join(seconds=5)


def test_a_watch_that_was_never_started_ends_at_once() -> None:
    watch = Watch((lambda: None,), every_seconds=60)
    watch.stop()
    watch.join(seconds=0)


def test_the_first_look_can_wait() -> None:
    looks = threading.Semaphore(0)
    watch = Watch((looks.release,), every_seconds=60, first_after_seconds=60)
    watch.start()
    assert not looks.acquire(timeout=0.05)
    watch.stop()
    watch.join(seconds=5)
