"""How long a consumer waits for a store that is down."""

from itertools import islice
from random import Random

from streaming.backoff import delays


def test_waits_double_up_to_ten_seconds() -> None:
    steps = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    waited = list(islice(delays(Random(7)), len(steps)))
    assert [step / 2 <= wait <= step for step, wait in zip(steps, waited, strict=True)] == [True] * len(steps)


def test_two_consumers_do_not_wait_in_step() -> None:
    assert list(islice(delays(Random(1)), 5)) != list(islice(delays(Random(2)), 5))
