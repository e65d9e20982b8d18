import pytest

from server.deadline import Deadline


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_tenth_is_kept_back_for_the_reply_and_at_most_30_ms() -> None:
    clock = Clock()
    assert Deadline.after(0.1, monotonic=clock).left() == pytest.approx(0.1 - 0.01)
    assert Deadline.after(10, monotonic=clock).left() == pytest.approx(10 - 0.03)


def test_what_is_left_shrinks_and_never_goes_below_zero() -> None:
    clock = Clock()
    deadline = Deadline.after(0.1, monotonic=clock)
    clock.now += 0.05
    assert deadline.left() == pytest.approx(0.04)
    assert deadline.share(0.25) == pytest.approx(0.01)
    clock.now += 1
    assert deadline.left() == 0
