"""A long steady load, the server's memory beside it, and how both drift."""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.serving.arrivals import Seconds, at_random
from benchmarks.serving.load import calling, closed_loop, open_loop
from benchmarks.serving.measures import CLIENTS, MESSAGES, OPEN_SEED, asked, latency_figures
from benchmarks.serving.outcomes import Outcomes
from benchmarks.serving.programs import Running
from benchmarks.serving.scene import Scene
from multigrain.figures import Figure

SHARE = 0.4
"""Of what the clients of a closed loop get: a server that is busy, and not in trouble."""
LOOKS_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Memory:
    """What the server held, at times from the start of the load."""

    seconds: Seconds
    mb: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """The load and the memory, after the warm-up."""

    rate: float
    seconds: float
    outcomes: Outcomes
    memory: Memory


async def soak(
    scene: Scene, ours: Running, limit: int, warm_seconds: float, seconds: float, say: Callable[[str], None]
) -> Soaked:
    """Warms up with a closed loop, which also says what rate the server can bear, then keeps up the open one."""
    messages = [one.message for one in asked(scene, limit, MESSAGES, OPEN_SEED)]
    async with calling(ours.address) as call:
        say("warming up")
        await closed_loop(call, messages, clients=CLIENTS, seconds=warm_seconds / 2)
        rate = SHARE * await closed_loop(call, messages, clients=CLIENTS, seconds=warm_seconds / 2)
        say(f"{rate:.1f} requests a second for {seconds:,.0f} s")
        due = at_random(rate, seconds, np.random.default_rng(OPEN_SEED))
        many = [one.message for one in asked(scene, limit, max(1, len(due)), OPEN_SEED + 1)]
        looking = asyncio.create_task(_looked_at(ours, seconds))
        outcomes = await open_loop(call, many, due)
        memory = await looking
    return Soaked(rate=rate, seconds=seconds, outcomes=outcomes, memory=memory)


async def _looked_at(ours: Running, seconds: float) -> Memory:
    began, times, held = time.perf_counter(), [], []
    while (now := time.perf_counter() - began) < seconds:
        times.append(now)
        held.append(ours.resident_mb)
        await asyncio.sleep(LOOKS_EVERY_SECONDS)
    return Memory(np.array(times), np.array(held))


def figures(soaked: Soaked, parts: int, *, memory: float | None, p99: float | None) -> Sequence[Figure]:
    """`memory` and `p99`: by how many per cent each may rise from the first quarter to the last; None: no target."""
    at = f"k = 1,000 at {soaked.rate:.0f}/s for {soaked.seconds:,.0f} s"
    held, by_part = medians_of_memory(soaked, parts), p99_by_part(soaked, parts)
    return [
        *latency_figures(soaked.outcomes, at),
        Figure.of(f"p99 of each of {parts} parts, {at}", by_part, "ms"),
        Figure(name=f"p99 drift, {at}", value=drift(by_part), unit="%", target=p99),
        Figure.of(f"server memory, {at}", held, "MB"),
        Figure(name=f"memory drift, {at}", value=drift(held), unit="%", target=memory),
    ]


def p99_by_part(soaked: Soaked, parts: int) -> list[float]:
    """Of requests by when they were due."""
    edges = np.linspace(0, soaked.seconds, parts + 1)
    slices = (soaked.outcomes.between(start, end) for start, end in itertools.pairwise(edges))
    return [part.percentile(99) for part in slices if len(part)]


def medians_of_memory(soaked: Soaked, parts: int) -> list[float]:
    """Megabytes of each part of the time."""
    part_of = np.minimum((soaked.memory.seconds / soaked.seconds * parts).astype(int), parts - 1)
    return [float(np.median(soaked.memory.mb[part_of == part])) for part in range(parts) if np.any(part_of == part)]


def drift(values: Sequence[float]) -> float:
    """By how many per cent the middle of the last quarter lies above that of the first; below 0: it fell."""
    quarter = max(1, len(values) // 4)
    first, last = float(np.median(values[:quarter])), float(np.median(values[-quarter:]))
    return 100 * (last - first) / first
