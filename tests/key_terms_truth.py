"""What a dictionary understands of a simulated shop's queries, beside what they mean.

    python -m tests.key_terms_truth LOGS [--test-hours N]

prints the table of docs/relevance-dictionary.md for a folder that `multigrain synth` wrote, and of other logs how many
terms there are of what.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import pyarrow.parquet as pq

from multigrain.features.windows import HOUR_MS
from multigrain.key_terms import KeyTerm, TermKind
from multigrain.types import Item
from server.understanding.intent import Intent
from server.understanding.tagger import FLOORS, Tagger
from trainer.configs.config import RobotsConfig
from trainer.data.key_terms.build import build_key_terms
from trainer.data.key_terms.clicked import read_clicked
from trainer.data.key_terms.names import name_terms
from trainer.data.logs import SEARCHES, items_of, read_logs
from trainer.data.market import truth
from trainer.data.market.needs import Kind
from trainer.data.market.numbers import NONE
from trainer.data.market.words import COLOURS, FEATURES

KINDS = ("brand", "category", "colour", "feature")


@dataclass(frozen=True, slots=True)
class Meant:
    """What the words of one query say, as the simulation knows it. An empty set: nothing of the kind."""

    brand: frozenset[str]
    category: frozenset[str]
    """Leaf paths."""
    colour: frozenset[str]
    feature: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Of one kind of demand, counted in searches."""

    meant: int
    demanded: int
    right: int
    """Demanded and meant the same."""
    lost: int
    """Demanded, and something that was meant is not in it: the rule would drop what is wanted."""

    @property
    def precision(self) -> float:
        return self.right / max(self.demanded, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.meant, 1)


class ShopTruth:
    """An opened truth/ folder of a simulated shop."""

    def __init__(self, folder: Path) -> None:
        world = json.loads((folder / truth.WORLD).read_text(encoding="utf-8"))
        self.leaves = ["/".join(path) for path in world["leaves"]]
        tops = [path[0] for path in world["leaves"]]
        self.meant: dict[str, Meant] = {}
        for row in pq.read_table(folder / truth.QUERIES).to_pylist():
            leaves = frozenset(self.leaves[leaf] for leaf in row["leaves"])
            feature = FEATURES[tops[row["leaves"][0]]][row["feature"]].en
            self.meant[row["query"]] = Meant(
                brand=frozenset() if row["brand"] == NONE else frozenset((world["brands"][row["brand"]],)),
                # Who names nothing but a brand names no category.
                category=frozenset() if row["kind"] == Kind.BRAND else leaves,
                colour=frozenset() if row["colour"] == NONE else frozenset((COLOURS[row["colour"]].en,)),
                feature=frozenset() if row["feature"] == NONE else frozenset((feature,)),
            )

    def demanded(self, intent: Intent) -> Meant:
        def values(name: str) -> frozenset[str]:
            return frozenset(demand.value for demand in intent.attributes if demand.name == name)

        paths = intent.category_paths
        return Meant(
            brand=frozenset(intent.brand_names),
            category=frozenset(
                leaf for leaf in self.leaves if any(f"{leaf}/".startswith(f"{path}/") for path in paths)
            ),
            colour=values("colour"),
            feature=values("feature"),
        )


def agreements(
    terms: Iterable[KeyTerm], shop: ShopTruth, searches: Sequence[str], floors: Mapping[TermKind, float]
) -> dict[str, Agreement]:
    """Of each kind, over these searches, each as often as it was made."""
    tagger = Tagger(terms, floors=floors)
    counts = {kind: Counter[str]() for kind in KINDS}
    for query, often in Counter(searches).items():
        demanded, meant = shop.demanded(tagger.understand(query)), shop.meant[query]
        for kind in KINDS:
            said, wanted = getattr(demanded, kind), getattr(meant, kind)
            counts[kind]["meant"] += often * bool(wanted)
            counts[kind]["demanded"] += often * bool(said)
            counts[kind]["right"] += often * (bool(said) and said == wanted)
            counts[kind]["lost"] += often * (bool(said) and not said >= wanted)
    fields = ("meant", "demanded", "right", "lost")
    return {kind: Agreement(**{field: found[field] for field in fields}) for kind, found in counts.items()}


def split(logs_folder: Path, test_hours: float) -> tuple[int, list[str]]:
    """When the test part begins, and what is searched in it."""
    searches = pq.read_table(logs_folder / SEARCHES, columns=["at_ms", "query"])
    before_ms = read_logs(logs_folder).last_ms + 1 - int(test_hours * HOUR_MS)
    rows = zip(searches["at_ms"].to_pylist(), searches["query"].to_pylist(), strict=True)
    return before_ms, [query for at_ms, query in rows if at_ms >= before_ms]


def spellings_alone(items: Sequence[Item]) -> list[KeyTerm]:
    """Brands and categories by their names: a dictionary without attributes, titles and clicks."""
    return [term for term in name_terms(items) if not term.name]


def dictionaries(logs_folder: Path, before_ms: int) -> Iterator[tuple[str, Sequence[KeyTerm]]]:
    """Three, each knowing more than the one before."""
    logs = read_logs(logs_folder)
    items = list(items_of(logs))
    yield "names of brands and categories", spellings_alone(items)
    yield "catalogue and titles", build_key_terms(items)
    with TemporaryDirectory() as scratch:
        clicked = read_clicked(logs, Path(scratch) / "clicked", items, RobotsConfig(), before_ms=before_ms)
    yield "catalogue, titles and clicks", build_key_terms(items, clicked)


def main(say: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("logs", type=Path)
    parser.add_argument("--test-hours", type=float, default=24.0)
    asked = parser.parse_args()
    before_ms, searches = split(asked.logs, asked.test_hours)
    say(f"{len(searches):,} searches of the last {asked.test_hours:g} hours")
    known = asked.logs / truth.FOLDER
    shop = ShopTruth(known) if known.is_dir() else None
    began = process_time()
    for name, terms in dictionaries(asked.logs, before_ms):
        say(f"{name}: {len(terms):,} terms, {process_time() - began:.1f} s of processor time")
        for (kind, source), count in sorted(Counter((term.kind, term.source) for term in terms).items()):
            say(f"  {kind:<10} {source:<12} {count:6,}")
        if shop is not None:
            _say_agreements(terms, shop, searches, say)
        began = process_time()


def _say_agreements(
    terms: Sequence[KeyTerm], shop: ShopTruth, searches: Sequence[str], say: Callable[[str], None]
) -> None:
    for floors, what in ((FLOORS, "that make a rule"), (dict.fromkeys(TermKind, 0.0), "however unsure")):
        say(f"  demands {what}:      meant  demanded  precision  recall    lost")
        for kind, found in agreements(terms, shop, searches, floors).items():
            shares = f"{found.precision:9.3f}  {found.recall:6.3f}  {found.lost:6,}"
            say(f"    {kind:<26} {found.meant:8,}  {found.demanded:8,}  {shares}")


if __name__ == "__main__":
    main()
