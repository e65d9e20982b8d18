"""Pieces of titles as searches, in a folder of examples like any other: what pre-training learns from, and is asked.

Each piece wants its item, and whatever has the very same title. Most are some words of the title in their order; some
name a category of the item or its brand, which titles often leave out and shoppers type. Words are mistyped now and
then, so that the character grains of a mistyped word learn to stand for the word.

[V] the text encoder is pre-trained on e-commerce data; [inferred] by pieces of titles, as the paper's authors did
elsewhere; names, mistakes and the mixture are ours.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.errors import InvalidConfig
from multigrain.text import analyzer
from multigrain.text.analyzer import analyze, words_of
from trainer.configs.config import PretrainingConfig, TrainingConfig
from trainer.data.example_rows import SCHEMA
from trainer.data.examples import MANIFEST, ExamplesManifest
from trainer.data.joining.engines.engine import Row
from trainer.data.joining.shards import shards_for
from trainer.data.logs import Logs
from trainer.data.title_spans import NOBODY, misspelt, span_of

TESTED = 1_000
"""Pieces of the test part, each of another item; fewer where there are fewer items."""
TWINS = 8
"""Items with one title that a piece wants, at most: as many as training looks at."""
ALONE = 0.5
"""Share of the names that stand alone, without words of the title beside them."""
SPREAD_MS = 1_000_000
"""Pieces are said to have been asked in so many milliseconds: which are the newest, and held out, is chance."""
_TRAIN, _TEST = range(2)
"""What a random stream is for."""


@dataclass(frozen=True, slots=True)
class Described:
    """What the catalogue says of an item, as words."""

    item_id: str
    title: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    """Of its categories and its brand."""
    same: tuple[str, ...]
    """Itself first, then others with the same title."""


def described(logs: Logs) -> list[Described]:
    """The items of the catalogue, by their ids; one whose title has no word is left out."""
    rows = logs.catalog.select(["item_id", "title", "brand", "category_path"]).sort_by("item_id").to_pylist()
    titles = [words_of(row["title"]) for row in rows]
    same: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row, title in zip(rows, titles, strict=True):
        same[title].append(row["item_id"])
    return [
        Described(
            row["item_id"],
            title,
            tuple(words for name in (*row["category_path"], row["brand"]) if (words := words_of(name))),
            (row["item_id"], *(other for other in same[title][:TWINS] if other != row["item_id"]))[:TWINS],
        )
        for row, title in zip(rows, titles, strict=True)
        if title
    ]


def write_pieces(logs: Logs, folder: Path, config: TrainingConfig) -> ExamplesManifest:
    """Fills `folder` as `write_examples` does, from the catalogue alone. The caller marks it as complete.

    Raises InvalidConfig where no title has a word.
    """
    items, told = described(logs), config.pretraining
    if not items:
        raise InvalidConfig("catalog", "no title has a word", cure="bring a catalogue with titles")
    from_ms = int(max(logs.catalog["listed_ms"].to_pylist()))
    shards = shards_for(len(items) * told.per_item, at_least=config.run.shards)
    tested = [items[i] for i in np.random.default_rng(told.seed).permutation(len(items))[:TESTED]]
    for number in range(shards):
        _write(folder, "train", number, _train_rows(items[number::shards], told, from_ms))
        _write(folder, "test", number, _test_rows(tested[number::shards], told, from_ms + SPREAD_MS))
    manifest = ExamplesManifest(
        train=len(items) * told.per_item,
        test=len(tested),
        from_ms=from_ms,
        test_from_ms=from_ms + SPREAD_MS,
        to_ms=from_ms + SPREAD_MS,
        shards=shards,
        robot_users=0,
        robot_searches=0,
        engine="titles",
        analyzer=analyzer.NAME,
        windows=config.windows.model_dump(),
        robots=config.robots.model_dump(),
    )
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
    return manifest


def piece_of(item: Described, config: PretrainingConfig, rng: np.random.Generator) -> str:
    """What somebody might type who wants it."""
    if not item.names or rng.random() >= config.named:
        return typed(span_of(item.title, config, rng))
    words = item.names[rng.integers(len(item.names))]
    name = [misspelt(word, rng) if rng.random() < config.misspelt else word for word in words]
    if rng.random() < ALONE:
        return typed(name)
    beside = [item.title[rng.integers(len(item.title))]]
    return typed(name + beside if rng.random() < 0.5 else beside + name)


def typed(words: Sequence[str]) -> str:
    """The words as one text: with spaces, but for words side by side of a script that has none."""
    text = words[0]
    for before, word in pairwise(words):
        text += word if not before.isascii() and not word.isascii() else f" {word}"
    return text


def _train_rows(items: Sequence[Described], config: PretrainingConfig, from_ms: int) -> Iterator[Row]:
    for item in items:
        # Seeded by the item's own name: one that joins the catalogue changes no other's pieces.
        rng = np.random.default_rng([config.seed, _TRAIN, *item.item_id.encode("utf-8", "surrogatepass")])
        for nth in range(config.per_item):
            yield _row(item, nth, piece_of(item, config, rng), from_ms + int(rng.integers(SPREAD_MS)))


def _test_rows(items: Sequence[Described], config: PretrainingConfig, at_ms: int) -> Iterator[Row]:
    for item in items:
        rng = np.random.default_rng([config.seed, _TEST, *item.item_id.encode("utf-8", "surrogatepass")])
        yield _row(item, config.per_item, piece_of(item, config, rng), at_ms)


def _row(item: Described, nth: int, text: str, at_ms: int) -> Row:
    grains = analyze(text)
    return {
        **dict.fromkeys(SCHEMA.names, ()),
        "search_id": f"{NOBODY}-{item.item_id}-{nth}",
        "user_id": NOBODY,
        "at_ms": at_ms,
        "query": text,
        "unigrams": grains.unigrams,
        "bigrams": grains.bigrams,
        "words": grains.words,
        "clicked": item.same,
    }


def _write(folder: Path, part: str, number: int, rows: Iterator[Row]) -> None:
    table = pa.Table.from_pylist(list(rows), schema=SCHEMA)
    pq.write_table(table, folder / f"{part}-{number:05d}.parquet", compression="zstd", compression_level=1)
