"""What users do with a page: they look down it, click what fits and pleases, and put some of that in the cart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Action, Bools, Float32s, Int64s
from trainer.data.market.numbers import NONE, Ints, Rng

EXAMINATION_POWER = 0.35
"""A user looks at rank r with the chance 1 / r^power."""
CLICK_BIAS = -4.9
NOISE_CLICKS = 0.012
"""The chance that what was looked at is clicked whatever it is: a slip, a curiosity."""
ROBOT_CLICKS = 0.5
KEEN_AT = 0.8
"""Lower than the bias of a click: who has clicked is harder to please before paying."""

# What may follow a click, and with what chance for an item that is liked without end.
COLLECTS, CARTS, ORDERS = 0.15, 0.25, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What was done on some pages, as columns; in order of page, then rank, then time."""

    page: Int64s
    row: Ints
    """The item."""
    action: NDArray[np.uint8]
    after_ms: Int64s
    """After the search."""

    def take(self, places: Int64s) -> "Deeds":
        return Deeds(
            page=self.page[places], row=self.row[places], action=self.action[places], after_ms=self.after_ms[places]
        )


def choose(rows: NDArray[np.int32], liking: Float32s, robot: Bools, rng: Rng) -> Deeds:
    """The deeds on pages `rows` [n, PAGE] of which each item is liked `liking` [n, PAGE] all in all."""
    there = rows != NONE
    ranks = np.arange(1, rows.shape[1] + 1)
    looked = rng.random(rows.shape, dtype=np.float32) < 1 / ranks**EXAMINATION_POWER
    chance = np.maximum(_logistic(liking + np.float32(CLICK_BIAS)), NOISE_CLICKS)
    by_person = looked & (rng.random(rows.shape, dtype=np.float32) < chance)
    by_robot = rng.random(rows.shape, dtype=np.float32) < ROBOT_CLICKS
    clicked = there & np.where(robot[:, None], by_robot, by_person)
    page, place = np.nonzero(clicked)
    pause = np.where(clicked, rng.integers(5, 60, rows.shape), 0)
    at_second = np.cumsum(pause, axis=1)[page, place]
    keen = _logistic(liking[page, place] + np.float32(CLICK_BIAS - KEEN_AT)) ** 2
    keen[robot[page]] = 0
    return with_what_follows(page, rows[page, place], at_second, keen, rng)


def with_what_follows(page: Int64s, row: Ints, second: Int64s, keen: Float32s, rng: Rng) -> Deeds:
    """The clicks, and the wish list, the cart and, only from the cart, the order."""
    count = len(page)
    collected = rng.random(count) < COLLECTS * keen
    carted = rng.random(count) < (CARTS + ORDERS) * keen
    ordered = carted & (rng.random(count) < ORDERS / (CARTS + ORDERS))
    steps = (
        (np.ones(count, bool), Action.CLICK, 0),
        (collected, Action.COLLECT, 90),
        (carted, Action.CART, 180),
        (ordered, Action.ORDER, 400),
    )
    pages, rows, actions, afters = [], [], [], []
    for done, action, within in steps:
        pages.append(page[done])
        rows.append(row[done])
        actions.append(np.full(done.sum(), action, np.uint8))
        # Later than the step before: each step's pause is longer than the longest of the one before it.
        pause = rng.integers(within // 2 + 1, within + 2, done.sum()) if within else 0
        afters.append((second[done] + pause) * 1000)
    deeds = Deeds(
        page=np.concatenate(pages),
        row=np.concatenate(rows),
        action=np.concatenate(actions),
        after_ms=np.concatenate(afters),
    )
    return deeds.take(np.lexsort((deeds.action, deeds.after_ms, deeds.page)))


def _logistic(logit: Float32s) -> Float32s:
    return np.asarray(1 / (1 + np.exp(-logit)), np.float32)
