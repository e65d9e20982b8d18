"""`multigrain bench judge`: how long relevance control takes over ten thousand candidates with every rule on, and to
count what passes in a whole catalogue.

Judged on columns of as many items as the size says, without a store. Times are of the processor, which other processes
do not lengthen; what was measured by the clock stands beside.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.bench import Bench, Size, seconds_of
from multigrain.catalog.columns import CatalogueColumns
from multigrain.catalog.columns_writer import ColumnsWriter
from multigrain.catalog.item_page import PAGE, ItemPage
from multigrain.catalog.memory import PrivateMemory
from multigrain.figures import Figure
from multigrain.settings import Settings
from multigrain.types import RETRIEVE_MAX, Bools, Int64s, ItemStatus
from server.relevance.policy import count_passing, judge
from server.relevance.rule import Case
from server.request import ChannelName, Filters, RelevanceMode
from server.result import Candidates, Hits
from server.understanding.intent import Demand, Intent

ITEMS = {Size.SMALL: 100_000, Size.ONE_MILLION: 1_000_000}
LIKED = 0.05
"""Of the items: those that meet every demand."""
BRANDS, PATHS, SHOPS, COLOURS = 2_000, 1_000, 500, 40
TARGET_MS = 1.0
REPEATS = 200
COUNTS = 20
EVERYTHING = 1 << 40

WANTS = Intent(
    brands=(Demand(value="brand 7", confidence=0.9, words=("brand", "7")),),
    categories=(Demand(value="top 1", confidence=0.9, words=("top", "1")),),
    attributes=(
        Demand(name="colour", value="colour 3", confidence=0.9, words=("colour", "3")),
        Demand(name="colour", value="colour 4", confidence=0.9, words=("colour", "4")),
        Demand(name="gender", value="women", confidence=0.9, words=("women",)),
    ),
    words=(Demand(value="v4032", confidence=0.9, words=("v4032",)),),
    without_brands=(Demand(value="brand 8", confidence=1.0, words=()),),
    without_categories=(Demand(value="top 2/leaf 2", confidence=1.0, words=()),),
)
FILTERS = Filters(
    brands=("brand 7", "brand 8", "brand 9"), categories=("top 1", "top 2"), shops=("shop 1", "shop 2"), max_price=900.0
)


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    count, rng = ITEMS[size], np.random.default_rng(0)
    say(f"columns of {count:,} items")
    liked = np.append(False, rng.random(count) < LIKED)
    columns = _columns(liked, rng)
    holders = {"v4032": np.flatnonzero(liked | (rng.random(count + 1) < LIKED))}
    case = Case(columns=columns, intent=WANTS, filters=FILTERS, holders=holders, least_score=0.1)
    figures: list[Figure] = []
    for name, share in (("nine of ten pass", 0.9), ("one of ten passes", 0.1)):
        say(f"judging, {name}")
        figures += _judged(name, case, _candidates(liked, share, rng))
    say("counting")
    return [*figures, *_counted(case)]


def _judged(name: str, case: Case, candidates: Candidates) -> Sequence[Figure]:
    wall, processor = _milliseconds(lambda: judge(case, candidates, RelevanceMode.FILL), REPEATS)
    name = f"every rule over {len(candidates):,} candidates, {name}"
    return (
        Figure.of(f"{name}, p50", processor, "ms", target=TARGET_MS),
        Figure(name="  by the clock, p50", value=float(np.median(wall)), unit="ms"),
    )


def _counted(case: Case) -> Sequence[Figure]:
    """Through to the last item, since no catalogue holds so many."""
    brand = Intent(brands=WANTS.brands)
    category = Intent(categories=WANTS.categories)
    figures = []
    for name, intent in (
        ("a brand", brand),
        ("a category", category),
        ("attributes", Intent(attributes=WANTS.attributes)),
        ("a word", Intent(words=WANTS.words)),
        ("every kind", WANTS),
        ("nothing", Intent()),
    ):
        of = Case(columns=case.columns, intent=intent, filters=Filters(), holders=case.holders)

        def count(of: Case = of) -> int:
            return count_passing(of, RelevanceMode.FILL, at_most=EVERYTHING)

        _, processor = _milliseconds(count, COUNTS)
        figures.append(Figure.of(f"count of {count():,} items that meet {name}", processor, "ms"))
    return figures


def _milliseconds(work: Callable[[], object], repeats: int) -> tuple[list[float], list[float]]:
    """Of each repeat: by the clock, and of the processor."""
    processor: list[float] = []

    def timed() -> None:
        started = time.thread_time()
        work()
        processor.append(1e3 * (time.thread_time() - started))

    wall = [1e3 * seconds for seconds in seconds_of(timed, repeats=repeats, warmups=3)]
    return wall, processor[-repeats:]


def _candidates(liked: Bools, share: float, rng: np.random.Generator) -> Candidates:
    """As two channels found them: half by both, half by the vector alone."""
    wanted = int(share * RETRIEVE_MAX)
    every = np.flatnonzero(liked), np.flatnonzero(~liked)[1:]
    parts = [rng.choice(every[0], min(wanted, len(every[0])), replace=False)]
    parts.append(rng.choice(every[1], RETRIEVE_MAX - len(parts[0]), replace=False))
    item_nos = rng.permutation(np.concatenate(parts))
    places = np.arange(1, len(item_nos) + 1, dtype=np.int32)
    by_both = np.arange(len(item_nos)) % 2 == 0
    scores = np.linspace(1.0, 0.05, len(item_nos), dtype=np.float32)
    lexical = np.where(by_both, places // 2 + 1, 0).astype(np.int32)
    return Candidates(
        item_nos=item_nos,
        scores=scores,
        channels=np.where(by_both, 1 << ChannelName.VECTOR | 1 << ChannelName.LEXICAL, 1 << ChannelName.VECTOR).astype(
            np.uint32
        ),
        ranks=np.stack([places, lexical]),
        found=(
            (ChannelName.VECTOR, Hits(item_nos, scores)),
            (ChannelName.LEXICAL, Hits(item_nos[by_both], scores[by_both])),
        ),
    )


def _columns(liked: Bools, rng: np.random.Generator) -> CatalogueColumns:
    writer = ColumnsWriter(PrivateMemory())
    for first in range(1, len(liked), PAGE):
        writer.put(_page(np.arange(first, min(first + PAGE, len(liked))), liked, rng))
    return writer.view


def _page(item_nos: Int64s, liked: Bools, rng: np.random.Generator) -> ItemPage:
    count, here = len(item_nos), liked[item_nos].tolist()

    def drawn(behind: int) -> list[int]:
        numbers: list[int] = rng.integers(0, behind, count).tolist()
        return numbers

    brands, paths, shops, colours = drawn(BRANDS), drawn(PATHS), drawn(SHOPS), drawn(COLOURS)
    sexes = [("men", "women", "kids")[number] for number in drawn(3)]
    return ItemPage(
        item_nos=item_nos,
        item_ids=[f"sku-{number}" for number in item_nos.tolist()],
        titles=[""] * count,
        brands=[f"brand {7 if own else number}" for own, number in zip(here, brands, strict=True)],
        category_paths=[
            (f"top {1 if own else number % 20}", f"leaf {number}") for own, number in zip(here, paths, strict=True)
        ],
        shops=[f"shop {1 if own else number}" for own, number in zip(here, shops, strict=True)],
        attributes=[
            {
                "colour": f"colour {3 if own else colour}",
                "gender": "women" if own else sex,
                "material": f"material {brand % 30}",
                "size": str(path % 20),
            }
            for own, colour, sex, brand, path in zip(here, colours, sexes, brands, paths, strict=True)
        ],
        price=rng.uniform(1, 800, count).astype(np.float32),
        stock=np.full(count, 5, np.int32),
        status=np.full(count, ItemStatus.ACTIVE, np.uint8),
        revision=int(item_nos[-1]),
    )


BENCH = Bench(
    name="judge",
    summary="relevance control: every rule over ten thousand candidates, and counting over a catalogue",
    sizes=tuple(ITEMS),
    run=_run,
)
