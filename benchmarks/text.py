"""`multigrain bench text`: how fast text becomes grains."""

from collections.abc import Callable, Sequence

from benchmarks.bench import Bench, Size, seconds_of
from multigrain.figures import Figure
from multigrain.settings import Settings
from multigrain.text.analyzer import analyze

QUERIES = ("adidas running shoes", "red dress", "无线蓝牙耳机", "iphone 15 pro max case", "华为 手机壳 黑色")
TITLES = (
    "Adidas Ultraboost 22 running shoes men black breathable lightweight sneakers size 42",
    "2026新款 连衣裙 女 夏季 红色 修身 显瘦 长裙 雪纺",
)
ROUNDS = 400
QUERY_TARGET_US = 60
TITLE_TARGET_PER_SECOND = 15_000


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    say("queries and titles")
    queries = seconds_of(lambda: [analyze(text) for text in QUERIES * ROUNDS], repeats=7)
    titles = seconds_of(lambda: [analyze(text) for text in TITLES * ROUNDS], repeats=7)
    return (
        Figure.of(
            "analyze a query",
            [s / (len(QUERIES) * ROUNDS) * 1e6 for s in queries],
            "us",
            target=QUERY_TARGET_US,
        ),
        Figure.of(
            "analyze titles, one core",
            [len(TITLES) * ROUNDS / s for s in titles],
            "titles/s",
            target=TITLE_TARGET_PER_SECOND,
            at_most=False,
        ),
    )


BENCH = Bench(name="text", summary="text to grains: microseconds a query, titles a second", sizes=tuple(Size), run=_run)
