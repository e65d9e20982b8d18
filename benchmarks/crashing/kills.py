"""READ FIRST: a history goes to the broker in portions, and a consumer lives, is killed, and lives again.

Some lives end at a named point between two steps; the others are ended from outside, at any moment after their first
commit. When enough have been killed, a last one reads to the end of the topics. Then the stores are compared with what
one undisturbed pass gives.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from random import Random

from benchmarks.crashing.broker import open_sender
from benchmarks.crashing.comparison import differences
from benchmarks.crashing.found import read_scene
from benchmarks.crashing.life import Orders
from benchmarks.crashing.lives import NURSERY, Death, open_lives
from benchmarks.crashing.oracle import expected
from benchmarks.crashing.points import SELDOM, Point
from benchmarks.crashing.scene import ENCODER, Scene
from benchmarks.crashing.sent import Landed, Sent

LATEST_DEATH_SECONDS = 0.5
NTH_MAX = 3
BATCHES_A_LIFE = 8
SAME_GROUP = 10
"""Every so many lives one comes back into the group of the one before, as a supervisor would start it; the broker
waits for the dead member first, which takes seconds. The others join a group of their own: positions are not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashTest:
    """What came of it."""

    landed: Sequence[Landed]
    killed: Sequence[Death]
    seconds: float
    differences: Sequence[str]


def crash_test(
    scene: Scene,
    history: Sequence[Sent],
    *,
    kills: int,
    seed: int,
    points: Sequence[Point] = tuple(Point),
    program: Sequence[str] = NURSERY,
    say: Callable[[str], None] = lambda note: None,
) -> CrashTest:
    """Kills a consumer of this history `kills` times, at each of `points` in turn and in between from outside.

    Fewer times when the history is over before: give it some hundred records a kill.
    """
    started, random = time.monotonic(), Random(seed)
    portions, deaths = _portions(history, kills), _deaths(points, random)
    landed, killed = list[Landed](), list[Death]()

    def orders(number: int, death: Death | None) -> Orders:
        return _orders(scene, number, death, batch_records=len(portions[0]) // BATCHES_A_LIFE, random=random)

    with open_sender(scene) as sender, open_lives(program) as lives:
        for number, portion in enumerate(portions, 1):
            landed += sender.send(portion)
            death = next(deaths)
            if len(killed) < kills and lives.one(orders(number, death), death):
                killed.append(death)
                say(f"{len(killed)} of {kills} kills")
        say("to the end of the topics")
        lives.one(orders(len(portions) + SAME_GROUP + 1, None), None)
    say("comparing")
    found = differences(expected(landed), read_scene(scene), landed, ENCODER)
    return CrashTest(landed=landed, killed=killed, seconds=time.monotonic() - started, differences=found)


def _portions(history: Sequence[Sent], kills: int) -> list[Sequence[Sent]]:
    """More than kills: some lives come to the end of what was sent before they come to their own."""
    size = -(-len(history) // (kills * 4 // 3 + 1))
    return [history[start : start + size] for start in range(0, len(history), size)]


def _deaths(points: Sequence[Point], random: Random) -> Iterator[Death]:
    """Endless."""
    ends: list[Point | None] = [None]
    for point in random.sample(points, len(points)):
        ends += [point, None]
    for end in cycle(ends[1:] or ends):
        nth = 1 if end in SELDOM else random.randint(1, NTH_MAX)
        yield Death(end, nth, random.uniform(0, LATEST_DEATH_SECONDS))


def _orders(scene: Scene, number: int, death: Death | None, *, batch_records: int, random: Random) -> Orders:
    """Every life cuts its batches otherwise: what was half done is not done again in the same pieces."""
    return Orders(
        scene=scene,
        group=f"{scene.name}.{number - 1 if number % SAME_GROUP == 0 else number}",
        batch_records=random.randint(1 + batch_records // 3, 1 + batch_records * 3),
        point=death.point if death else None,
        nth=death.nth if death else 1,
    )
