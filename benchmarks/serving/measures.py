"""What is measured of a scene that is served, and the figures that become of it."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.bench import Size
from benchmarks.naive.messages import Answer as NaiveAnswer
from benchmarks.naive.server import PATH as NAIVE
from benchmarks.serving import paired
from benchmarks.serving.arrivals import at_random
from benchmarks.serving.crowd import Asked, crowd
from benchmarks.serving.load import calling, closed_loop, open_loop
from benchmarks.serving.outcomes import KEPT_SHARE, Outcomes
from benchmarks.serving.programs import START_SECONDS, Running
from benchmarks.serving.scene import Scene
from multigrain.client import Client
from multigrain.figures import Figure
from multigrain.v1 import retrieval_pb2 as pb

CLIENTS = 4
MESSAGES = 500
"""Requests of one crowd; a longer load begins again."""
COMPARED, ALIKE = 10, 98.0
"""Answers that are compared, and the percentage of items in common that is the least. Equal scores at the cut may fall
either way."""
PAIRS_SEED, CLOSED_SEED, OPEN_SEED = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Of one depth; None: none."""

    rest_ms: float | None = None
    over_search: float | None = None
    over_naive: float | None = None


TARGETS: Mapping[int, Targets] = {
    1_000: Targets(rest_ms=6.0, over_search=1.6),
    9_600: Targets(rest_ms=12.0, over_search=1.6, over_naive=3.0),
}
"""Of a million items."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Answers a second, turn by turn."""

    ours: Sequence[float]
    naive: Sequence[float]


def targets_of(size: Size) -> Mapping[int, Targets]:
    """By depth; none for a scene that is too small to say."""
    return TARGETS if size is Size.ONE_MILLION else {depth: Targets() for depth in TARGETS}


def wait_until_whole(ours: Running, scene: Scene) -> None:
    """Until the server serves every item."""
    with Client(ours.address, timeout_seconds=30) as client:
        status = client.wait_until_serving(START_SECONDS)
    if status.catalogue_items != scene.extent.items:
        raise RuntimeError(f"{status.catalogue_items:,} items are served, {scene.extent.items:,} were written")


def scene_figure(scene: Scene) -> Figure:
    """What was served; a scene that was taken from an earlier run says so."""
    again = ", reused" if scene.reused else ""
    return Figure(name=f"items served, {scene.place}, {scene.spec.kind}{again}", value=scene.extent.items, unit="items")


def asked(scene: Scene, limit: int, count: int, seed: int) -> list[Asked]:
    return crowd(scene.shop.texts, scene.extent.users, limit, count, seed=seed)


def pairs(scene: Scene, ours: Running, limit: int, count: int, warmups: int, targets: Targets) -> list[Figure]:
    """One request at a time, each beside the bare search of its vector."""
    requests = asked(scene, limit, count + warmups, PAIRS_SEED)
    measured = paired.measured(scene, ours.address, requests, limit, warmups=warmups)
    whole, search = ([pair.whole_ms for pair in measured], [pair.search_ms for pair in measured])
    ratio = statistics.median(whole) / statistics.median(search)
    k = f"k = {limit:,}"
    plain = [pair.rest_ms for pair in measured if not pair.was_refilled(limit)]
    refilled = [pair.rest_ms for pair in measured if pair.was_refilled(limit)]
    figures = [
        Figure.of(f"Retrieve, {k}", whole, "ms", limit=statistics.median(search), limit_name="bare search"),
        Figure.of(f"all but the search, {k}", [pair.rest_ms for pair in measured], "ms", target=targets.rest_ms),
        Figure(name=f"Retrieve / bare search, {k}", value=ratio, unit="", target=targets.over_search),
        Figure(name=f"requests that searched again to fill, {k}", value=100 * len(refilled) / count, unit="%"),
    ]
    named = (("without searching again", plain), ("of those that searched again", refilled))
    figures += [Figure.of(f"all but the first search, {k}, {name}", some, "ms") for name, some in named if some]
    return [*figures, _degraded([pair.reply for pair in measured], k)]


async def agreement(scene: Scene, ours: Running, naive: Running, limit: int) -> Figure:
    """How much of the answers both servers give: a comparison with one that answers something else says nothing."""
    shares = []
    async with calling(ours.address) as call, calling(naive.address, NAIVE) as call_naive:
        for one in asked(scene, limit, COMPARED, PAIRS_SEED):
            here = set(pb.RetrieveResponse.FromString(await call(one.message)).item_ids)
            there = {row.item_id for row in NaiveAnswer.FromString(await call_naive(one.message)).rows}
            shares.append(100 * len(here & there) / max(1, len(here | there)))
    return Figure.of(
        f"items that ours and the naive answer share, k = {limit:,}", shares, "%", at_most=False, target=ALIKE
    )


async def throughputs(
    scene: Scene, ours: Running, naive: Running, limit: int, turns: int, turn_seconds: float
) -> Rates:
    """What CLIENTS get of either server, in turns."""
    messages = [one.message for one in asked(scene, limit, MESSAGES, CLOSED_SEED)]
    async with calling(ours.address) as call, calling(naive.address, NAIVE) as call_naive:
        # The first calls of a server find nothing warm; they are another crowd's, so that no answer is ready.
        for one in (call, call_naive):
            warm = [one.message for one in asked(scene, limit, MESSAGES, OPEN_SEED)]
            await closed_loop(one, warm, clients=CLIENTS, seconds=turn_seconds)
        found: tuple[list[float], list[float]] = ([], [])
        for turn in range(turns):
            start = turn * MESSAGES // turns
            part = messages[start:] + messages[:start]
            for into, one in zip(found, (call, call_naive), strict=True):
                into.append(await closed_loop(one, part, clients=CLIENTS, seconds=turn_seconds))
    return Rates(*found)


def throughput_figures(rates: Rates, limit: int, targets: Targets) -> list[Figure]:
    ratio = [one / other for one, other in zip(rates.ours, rates.naive, strict=True)]
    k = f"{CLIENTS} clients, k = {limit:,}"
    beside = statistics.median(rates.naive)
    return [
        Figure.of(f"answers a second, {k}", rates.ours, "/s", at_most=False, limit=beside, limit_name="naive"),
        Figure.of(f"our throughput / naive, {k}", ratio, "", at_most=False, target=targets.over_naive),
    ]


async def open_loop_figures(
    scene: Scene, ours: Running, limit: int, rate: float, share: float, seconds: float
) -> list[Figure]:
    """At a rate that goes on whatever becomes of the requests."""
    due = at_random(rate, seconds, np.random.default_rng(OPEN_SEED))
    messages = [one.message for one in asked(scene, limit, len(due), OPEN_SEED)]
    async with calling(ours.address) as call:
        outcomes = await open_loop(call, messages, due)
    at = f"k = {limit:,} at {rate:.0f}/s ({share:.0%} of {CLIENTS} clients')"
    return [
        *latency_figures(outcomes, at),
        _degraded([pb.RetrieveResponse.FromString(r) for r in outcomes.replies], at),
    ]


def latency_figures(outcomes: Outcomes, at: str) -> list[Figure]:
    """Latencies, and whether they may be believed: no errors, and sent when they were due."""
    errors = _in_brackets(f"{count} {status}" for status, count in outcomes.failed.items())
    return [
        Figure(name=f"Retrieve p50, {at}", value=outcomes.percentile(50), unit="ms"),
        Figure(name=f"Retrieve p99, {at}", value=outcomes.percentile(99), unit="ms"),
        Figure(
            name=f"errors{errors}, {at}",
            value=sum(outcomes.failed.values()),
            unit="",
            target=0.0,
        ),
        Figure(
            name=f"sent when due, {at}", value=100 * outcomes.on_time, unit="%", at_most=False, target=100 * KEPT_SHARE
        ),
    ]


def _degraded(replies: Sequence[pb.RetrieveResponse], at: str) -> Figure:
    """Answers without a channel, a history or a fill are quick for a bad reason."""
    reasons = Counter(reason for reply in replies for reason in reply.degraded)
    named = (pb.DegradedReason.Name(reason).removeprefix("DEGRADED_REASON_").lower() for reason in sorted(reasons))
    share = 100 * sum(bool(reply.degraded) for reply in replies) / max(1, len(replies))
    return Figure(name=f"degraded{_in_brackets(named)}, {at}", value=share, unit="%", target=0.0)


def _in_brackets(named: Iterable[str]) -> str:
    together = ", ".join(named)
    return f" ({together})" if together else ""
