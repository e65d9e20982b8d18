"""A window that tells something is seen to, and one that tells nothing is not."""

import numpy as np
import pytest

from multigrain.features.windows import DAY_MS, HOUR_MS, WindowConfig
from trainer.evaluation.clicks import Clicks
from trainer.evaluation.window_lift import WINDOWS, Lift, measure_lifts

NOW_MS = 100 * DAY_MS
AGES = {"realtime": 2 * HOUR_MS, "short": 5 * DAY_MS, "long": 20 * DAY_MS}


def clicks_repeating(window: str, *, users: int = 300, brands: int = 6) -> Clicks:
    """Everybody clicks three brands, one in each window; the click to be guessed repeats that of `window`."""
    rng = np.random.default_rng(1)
    rows = []
    for user in range(users):
        chosen = dict(zip(AGES, rng.integers(brands, size=3), strict=True))
        for name, age in AGES.items():
            rows.append((user, NOW_MS - age, chosen[name], -1))
        rows.append((user, NOW_MS + user, chosen[window], user))
    rows.sort(key=lambda row: row[:2])
    user, at_ms, brand, search = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    nothing = np.zeros(len(rows), np.int64)
    return Clicks(
        user=user, at_ms=at_ms, item=nothing, leaf=brand, top=nothing, brand=brand, search=search, searched_ms=at_ms
    )


def lifts(clicks: Clicks, task: str) -> dict[tuple[str, ...], Lift]:
    return {lift.windows: lift for lift in measure_lifts(clicks, WindowConfig()) if lift.task == task}


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("task", ["brand", "category"])
def test_only_the_window_that_is_repeated_tells(window: str, task: str) -> None:
    found = lifts(clicks_repeating(window), task)
    everything = found[WINDOWS]
    assert found[(window,)].hit == 1.0
    assert found[()].hit < 0.4, "six brands without history"
    for other in WINDOWS:
        without = tuple(name for name in WINDOWS if name != other)
        lost = everything.nats - found[without].nats
        assert lost > 1.0 if other == window else abs(lost) < 0.05


def test_without_clicks_there_is_nothing_to_measure() -> None:
    nothing = np.zeros(0, np.int64)
    empty = Clicks(
        user=nothing,
        at_ms=nothing,
        item=nothing,
        leaf=nothing,
        top=nothing,
        brand=nothing,
        search=nothing,
        searched_ms=nothing,
    )
    assert measure_lifts(empty, WindowConfig()) == []
