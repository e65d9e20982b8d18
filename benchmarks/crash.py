"""`multigrain bench crash`: a consumer is killed again and again, and stores go away under it. What is in the stores
afterwards must not show it.

What is done and what is compared is said in `benchmarks/crashing`. It needs a broker, PostgreSQL and a Milvus server:
embedded stores live and die with the process.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import sqlalchemy as sa

from benchmarks.bench import Bench, Size
from benchmarks.crashing.points import Point
from benchmarks.stores import throwaway_database
from multigrain.figures import Figure
from multigrain.settings import Settings
from multigrain.telemetry import LOG_FIELDS

if TYPE_CHECKING:
    from benchmarks.crashing.scene import Scene

log = logging.getLogger(__name__)
SEED = 7
OUTAGE_RECORDS = 6_000
SHOWN = 20
"""Differences; hundreds of them mostly have one cause."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is sent, how often a consumer is killed, how long a store is away."""

    records: int
    kills: int
    points: int
    """Of the named ones, how many must have been hit."""
    away_seconds: float
    """0: no store goes away."""


EXTENTS = {Size.SMALL: Extent(3_000, 12, 4, 0), Size.ONE_MILLION: Extent(100_000, 105, len(Point), 30)}
"""105: each of the named points about three times, and as often from outside."""


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    extent = EXTENTS[size]
    if missing := _missing(settings):
        return [Figure(name=f"kills (not run: {missing})", value=0, unit="", target=extent.kills, at_most=False)]
    figures = _kills(settings, extent, say)
    if extent.away_seconds:
        figures += _outages(settings, extent.away_seconds, say)
    return figures


def _missing(settings: Settings) -> str:
    """Which server it lacks; empty: none."""
    if not settings.kafka.bootstrap:
        return "kafka.bootstrap is not set"
    if not settings.database_url.startswith("postgresql"):
        return "database.url is not PostgreSQL"
    return "" if "://" in settings.milvus_uri else "milvus.uri is no server"


def _kills(settings: Settings, extent: Extent, say: Callable[[str], None]) -> list[Figure]:
    # Only here: without a broker nothing of Kafka need be installed.
    from benchmarks.crashing.history import a_history
    from benchmarks.crashing.kills import crash_test
    from benchmarks.crashing.scene import PARTITIONS

    history = a_history(extent.records, seed=SEED, partitions=PARTITIONS)
    with _scene(settings) as scene:
        done = crash_test(scene, history, kills=extent.kills, seed=SEED, say=say)
    at = Counter(death.point for death in done.killed)
    outside = at.pop(None, 0)
    return [
        Figure(name="records sent", value=len(done.landed), unit="", target=extent.records, at_most=False),
        Figure(name="kills", value=len(done.killed), unit="", target=extent.kills, at_most=False),
        Figure(name="of these at named points", value=at.total(), unit=""),
        Figure(name="of these from outside", value=outside, unit=""),
        Figure(name="named points hit", value=len(at), unit="", target=extent.points, at_most=False),
        Figure(name="everything, comparison included", value=done.seconds, unit="s"),
        _differences("differences from one undisturbed pass", done.differences),
    ]


def _outages(settings: Settings, seconds: float, say: Callable[[str], None]) -> list[Figure]:
    database, milvus = sa.make_url(settings.database_url), urlsplit(settings.milvus_uri)
    say(f"{seconds:.0f} s without PostgreSQL")
    at = (database.host or "127.0.0.1", database.port or 5432)
    figures = _outage(settings, f"{seconds:.0f} s without PostgreSQL", at, _with_database_at, seconds)
    say(f"{seconds:.0f} s without Milvus")
    at = (milvus.hostname or "127.0.0.1", milvus.port or 19530)
    return figures + _outage(settings, f"{seconds:.0f} s without Milvus", at, _with_milvus_at, seconds)


def _outage(
    settings: Settings, name: str, at: tuple[str, int], moved: "Callable[[Scene, int], Scene]", seconds: float
) -> list[Figure]:
    """The store behind this address is reached through a gate, which is shut for a while."""
    from benchmarks.crashing.gate import open_gate
    from benchmarks.crashing.history import a_history
    from benchmarks.crashing.outage import outage
    from benchmarks.crashing.scene import PARTITIONS

    history = a_history(OUTAGE_RECORDS, seed=SEED, partitions=PARTITIONS)
    with open_gate(*at) as gate, _scene(settings) as scene:
        was = outage(moved(scene, gate.port), history, gate.shut(), seconds=seconds)
    return [
        Figure(name=f"{name}: caught up after", value=was.caught_up_seconds, unit="s"),
        _differences(f"{name}: differences", was.differences),
    ]


def _with_database_at(scene: "Scene", port: int) -> "Scene":
    url = sa.make_url(scene.database_url).set(host="127.0.0.1", port=port)
    return replace(scene, database_url=url.render_as_string(hide_password=False))


def _with_milvus_at(scene: "Scene", port: int) -> "Scene":
    return replace(scene, milvus_uri=f"http://127.0.0.1:{port}")


@contextmanager
def _scene(settings: Settings) -> "Iterator[Scene]":
    from benchmarks.crashing.scene import open_scene

    assert settings.kafka.bootstrap
    token = settings.milvus.token.get_secret_value() if settings.milvus.token else None
    with (
        throwaway_database(settings) as engine,
        open_scene(
            bootstrap=settings.kafka.bootstrap,
            database_url=engine.url.render_as_string(hide_password=False),
            milvus_uri=settings.milvus_uri,
            milvus_token=token,
        ) as scene,
    ):
        yield scene


def _differences(name: str, found: Sequence[str]) -> Figure:
    for difference in found[:SHOWN]:
        log.warning("the stores differ", extra={LOG_FIELDS: {"difference": difference}})
    return Figure(name=name, value=len(found), unit="", target=0)


BENCH = Bench(
    name="crash",
    summary="a consumer killed again and again, and what is then in the stores",
    sizes=tuple(EXTENTS),
    run=_run,
)
