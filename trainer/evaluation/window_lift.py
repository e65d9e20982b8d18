"""What each window of history tells: how much better the brand and the category of a click are guessed with it.

A small conditional logit: score of a class = log of how popular it is + sum over windows of weight * log(1 + how often
the user chose it in that window). The weights are fitted on half of the users and judged on the other half, each window
alone, all together, and all but one: what is lost without a window is what only that window tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from multigrain.features.windows import DAY_MS, HOUR_MS, WindowConfig
from multigrain.types import Bools, Int64s
from trainer.evaluation.clicks import Clicks

WINDOWS = ("realtime", "short", "long")
TARGETS = 4000
LAST_DAYS = 2
SMOOTHING = 0.5
"""Added to every count of a class, so that none is impossible."""
FIT_STEPS = 60

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """How well a class was guessed. Of `task` brand the top category of the click is known, of category nothing is."""

    task: str
    windows: tuple[str, ...]
    """Those that were read; none: only popularity."""
    hit: float
    """How often the first guess was right."""
    nats: float
    """Mean log-likelihood of the truth: higher is better, and finer than hits."""


@dataclass(frozen=True, slots=True)
class _Task:
    name: str
    prior: Floats
    """[n, classes]: log of how popular, -inf where the class cannot be."""
    counts: Floats
    """[windows, n, classes]"""
    truth: Int64s
    fitting: Bools
    """[n]: of the users that the weights are fitted on."""


def measure_lifts(clicks: Clicks, windows: WindowConfig, *, seed: int = 0) -> list[Lift]:
    """Every subset of windows for brand and category, on late clicks. Empty where there is nothing to guess."""
    targets = _targets(clicks, seed)
    if not len(targets):
        return []
    subsets = [chosen for size in range(len(WINDOWS) + 1) for chosen in combinations(range(len(WINDOWS)), size)]
    tasks = [_brand_task(clicks, targets, windows), _category_task(clicks, targets, windows)]
    # Where everything is of one class there is nothing to guess.
    return [_judge(task, chosen) for task in tasks if task.counts.shape[2] > 1 for chosen in subsets]


def _targets(clicks: Clicks, seed: int) -> Int64s:
    """Places of clicks to be guessed: one of a search, from the last days."""
    if not len(clicks.at_ms):
        return np.zeros(0, np.int64)
    late = clicks.from_search & (clicks.at_ms >= clicks.at_ms.max() - LAST_DAYS * DAY_MS)
    _, first = np.unique(clicks.search[late], return_index=True)
    places = np.flatnonzero(late)[first]
    rng = np.random.default_rng(seed)
    return np.sort(rng.permutation(places)[:TARGETS])


def _brand_task(clicks: Clicks, targets: Int64s, windows: WindowConfig) -> _Task:
    """Which brand, once the top category is known: brands of another one are out of the question."""
    tops, brands = int(clicks.top.max()) + 1, int(clicks.brand.max()) + 1
    past = clicks.at_ms < clicks.at_ms.max() - LAST_DAYS * DAY_MS
    popular = np.zeros((tops, brands))
    np.add.at(popular, (clicks.top[past], clicks.brand[past]), 1.0)
    sold = np.zeros((tops, brands), bool)
    sold[clicks.top, clicks.brand] = True
    prior = np.where(sold, np.log(popular + SMOOTHING), -np.inf)
    counts = _counts(clicks, targets, clicks.brand, brands, windows, same=clicks.top)
    return _Task("brand", prior[clicks.top[targets]], counts, clicks.brand[targets], clicks.user[targets] % 2 == 0)


def _category_task(clicks: Clicks, targets: Int64s, windows: WindowConfig) -> _Task:
    """Which leaf category, from history alone: the query is not looked at."""
    leaves = int(clicks.leaf.max()) + 1
    past = clicks.at_ms < clicks.at_ms.max() - LAST_DAYS * DAY_MS
    prior = np.log(np.bincount(clicks.leaf[past], minlength=leaves) + SMOOTHING)
    counts = _counts(clicks, targets, clicks.leaf, leaves, windows, same=np.zeros_like(clicks.top))
    everyone = np.broadcast_to(prior, (len(targets), leaves))
    return _Task("category", everyone, counts, clicks.leaf[targets], clicks.user[targets] % 2 == 0)


def _counts(
    clicks: Clicks, targets: Int64s, kind: Int64s, classes: int, windows: WindowConfig, *, same: Int64s
) -> Floats:
    """[windows, n, classes]: how often each class was chosen in each window, where `same` is that of the target."""
    counts = np.zeros((len(WINDOWS), len(targets), classes))
    ends = np.array([windows.realtime_hours * HOUR_MS, windows.short_days * DAY_MS, windows.long_days * DAY_MS])
    for row, target in enumerate(targets):
        searched_ms = clicks.searched_ms[target]
        first = np.searchsorted(clicks.user, clicks.user[target])
        # Clicks are in order of user, then time: what was before the search is one run of rows.
        rows = np.arange(first, first + np.searchsorted(clicks.at_ms[first:target], searched_ms))
        rows = rows[same[rows] == same[target]]
        window = np.searchsorted(ends, searched_ms - clicks.at_ms[rows], side="left")
        inside = window < len(WINDOWS)
        np.add.at(counts, (window[inside], row, kind[rows[inside]]), 1.0)
    return np.log1p(counts)


def _judge(task: _Task, chosen: Sequence[int]) -> Lift:
    weights = np.zeros(len(WINDOWS))
    weights[list(chosen)] = _fit(task, chosen)
    judged = ~task.fitting
    score = task.prior[judged] + np.tensordot(weights, task.counts[:, judged], axes=1)
    truth = task.truth[judged]
    right = score[np.arange(len(truth)), truth]
    return Lift(
        task=task.name,
        windows=tuple(WINDOWS[i] for i in chosen),
        hit=float((score.argmax(axis=1) == truth).mean()),
        nats=float((right - np.logaddexp.reduce(score, axis=1)).mean()),
    )


def _fit(task: _Task, chosen: Sequence[int]) -> Floats:
    """The weights of the chosen windows with the highest likelihood on the fitting users: damped Newton steps."""
    weights = np.zeros(len(chosen))
    if not chosen:
        return weights
    rows = np.flatnonzero(task.fitting)
    prior, counts, truth = task.prior[rows], task.counts[list(chosen)][:, rows], task.truth[rows]
    observed = counts[:, np.arange(len(rows)), truth].mean(axis=1)
    reached = _likelihood(weights, prior, counts, observed)
    for _ in range(FIT_STEPS):
        score = prior + np.tensordot(weights, counts, axes=1)
        share = np.exp(score - np.logaddexp.reduce(score, axis=1, keepdims=True))
        centred = counts - (counts * share).sum(axis=2)[:, :, None]
        curvature = np.einsum("anc,bnc,nc->ab", centred, centred, share) / len(rows) + 1e-6 * np.eye(len(chosen))
        step = np.linalg.solve(curvature, observed - (counts * share).sum(axis=2).mean(axis=1))
        # A full step can overshoot where a count is rare: shorter until it is a step up.
        while (better := _likelihood(weights + step, prior, counts, observed)) < reached and np.abs(step).max() > 1e-6:
            step = step / 2
        weights, gain, reached = weights + step, better - reached, better
        if gain < 1e-7:
            break
    return weights


def _likelihood(weights: Floats, prior: Floats, counts: Floats, observed: Floats) -> float:
    """Mean log-likelihood, but for the part that no weight changes."""
    score = prior + np.tensordot(weights, counts, axes=1)
    return float(weights @ observed - np.logaddexp.reduce(score, axis=1).mean())
