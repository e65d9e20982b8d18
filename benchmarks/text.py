"""`multigrain bench text`: how fast text becomes grains, in processor time, so that other work does not count."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.bench import Bench, Size
from multigrain.figures import Figure
from multigrain.settings import Settings
from multigrain.text.analyzer import analyze, words_of
from multigrain.text.findable import findable
from multigrain.text.terms import terms_of

QUERIES = (
    "adidas running shoes",
    "red dress",
    "无线蓝牙耳机",
    "iphone 15 pro max case",
    "华为 手机壳 黑色",
    "levi's 501 men",
    "女士春秋薄款防晒衣",
    "wh-1000xm5",
    "3/4 in pvc pipe",
    "阿迪达斯跑步鞋男42码",
    "shampoo 500 ml",
    "百雀羚保湿面霜",
)
TITLES = (
    "Adidas Ultraboost 22 running shoes men black breathable lightweight sneakers size 42",
    "Sony WH-1000XM5 wireless noise canceling headphones, 30-hour battery, USB-C, 3.5 mm, black",
    "Stainless steel ball valve 3/4 in. x 1/2 in. full port 600 PSI lead free brass, 2-pack",
    "Nike耐克官方 Air Zoom Pegasus 41 男子公路跑步鞋 缓震透气 轻便 夏季新款 FD2722-002 黑/白 42.5码 running shoes",
    "适用于苹果15手机壳 磁吸 防摔 透明 超薄 iPhone 15 Pro Max MagSafe case "
    "硅胶 全包镜头 男女款 简约 高级感 潮牌 不发黄",
    "百雀羚水嫩倍现保湿面霜50g 补水滋润 学生 男女通用 护肤品套装 爽肤水100ml "
    "乳液 洁面乳 官方旗舰店 正品 礼盒装 送妈妈 中秋节礼物",
)
"""Stacked keywords, as sellers write them, 70 to 90 characters each: three English, two mixed, one Chinese."""

ROUNDS = 100
REPEATS = 9
QUERY_TARGET_US = 60
TITLE_TARGET_PER_SECOND = 15_000


def measure() -> Sequence[Figure]:
    """How long a query takes, how many titles a second one core does, and what loading the dictionary costs."""
    return (
        _query("analyze a query", analyze, target=QUERY_TARGET_US),
        _query("terms of a query", terms_of),
        _query("findable words of a query", findable),
        _titles("analyze titles, one core", analyze, target=TITLE_TARGET_PER_SECOND),
        _titles("words of titles alone, one core", words_of),
        _titles("findable words of titles, one core", findable),
        Figure.of("load the dictionary", [_first_use_ms() for _ in range(3)], "ms"),
    )


def _query(name: str, work: Callable[[str], object], *, target: float | None = None) -> Figure:
    return Figure.of(name, [seconds * 1e6 for seconds in _seconds_a_text(work, QUERIES)], "us", target=target)


def _titles(name: str, work: Callable[[str], object], *, target: float | None = None) -> Figure:
    rates = [1 / seconds for seconds in _seconds_a_text(work, TITLES)]
    return Figure.of(name, rates, "titles/s", target=target, at_most=False)


def _seconds_a_text(work: Callable[[str], object], texts: tuple[str, ...]) -> list[float]:
    """Of each repeat, after one that is not counted: it loads the dictionary."""
    samples = []
    for _ in range(1 + REPEATS):
        started = time.process_time()
        for text in texts * ROUNDS:
            work(text)
        samples.append((time.process_time() - started) / (len(texts) * ROUNDS))
    return samples[1:]


def _first_use_ms() -> float:
    """In a process of its own: here the dictionary may be loaded already."""
    program = (
        "import time\nfrom multigrain.text.segmenter import segment\n"
        "started = time.perf_counter()\nsegment('手机壳')\nprint((time.perf_counter() - started) * 1e3)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    return float(said.stdout)


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    say("queries, titles and the dictionary")
    return measure()


BENCH = Bench(name="text", summary="text to grains: microseconds a query, titles a second", sizes=tuple(Size), run=_run)
