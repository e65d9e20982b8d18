"""Pieces of titles as searches that want the item: a shop with few logs learns its words from its catalogue.  Ours.

A title is asked for by a few of its words, in their order: now side by side, now picked from all over it. So the towers
see every word of the catalogue next to the words that it stands with, and near titles as the negatives of each other.

[V] MMSE's text encoder is pre-trained on e-commerce data; [inferred] by pieces of titles, as its authors did elsewhere.
That such examples stand in one batch with real searches, and how they are cut, is ours: one pass less, and one loss.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.text.analyzer import analyze, words_of
from trainer.configs.config import TitleSpansConfig
from trainer.data.example_rows import SCHEMA, shards_of
from trainer.data.joining.engines.engine import Row
from trainer.data.log_parts import read_stored
from trainer.data.logs import CATALOG, CATALOG_SCHEMA

NOBODY = "title-span"
"""Begins the search id of such an example, and is its user: nobody asked."""
MISSPELT_FROM = 4
"""Letters of a word that may be misspelt: a shorter one would be another word."""
SCATTERED = 0.5
"""Share of the spans whose words are picked from all over the title, as shoppers pick them."""
_SCHEMA = pa.schema([CATALOG_SCHEMA.field(name) for name in ("item_id", "title", "listed_ms")])


@dataclass(frozen=True, slots=True)
class Title:
    """What spans are cut from."""

    item_id: str
    words: tuple[str, ...]


def titles_before(logs_folder: Path, before_ms: int) -> list[Title]:
    """Of the items that were listed before then, by their ids; a title without a word is left out."""
    stored = read_stored(logs_folder / CATALOG, _SCHEMA).table.sort_by("item_id")
    columns = (stored[name].to_pylist() for name in _SCHEMA.names)
    titles = (
        Title(item_id, words_of(title))
        for item_id, title, listed_ms in zip(*columns, strict=True)
        if listed_ms < before_ms
    )
    return [title for title in titles if title.words]


def add_title_spans(folder: Path, titles: Sequence[Title], config: TitleSpansConfig, *, at_ms: int) -> None:
    """Adds the spans of `titles` to the shards of the training part; whichever engine wrote those, the same ones.

    Into the shards and not beside them: batches are shuffled within a shard. `at_ms` is when the spans are said to have
    been searched. It should be before all else, since the newest examples are held out of training.
    """
    shards = shards_of(folder, "train")
    for number, shard in enumerate(shards):
        rows = [row for title in titles[number :: len(shards)] for row in _rows(title, config, at_ms)]
        whole = pa.concat_tables([pq.read_table(shard, schema=SCHEMA), pa.Table.from_pylist(rows, schema=SCHEMA)])
        draft = shard.with_suffix(".draft")
        pq.write_table(whole, draft, compression="zstd", compression_level=1)
        draft.replace(shard)


def _rows(title: Title, config: TitleSpansConfig, at_ms: int) -> Iterator[Row]:
    # Seeded by the item's own name: one that joins the catalogue changes no other's spans.
    rng = np.random.default_rng([config.seed, *title.item_id.encode("utf-8", "surrogatepass")])
    for nth in range(config.per_item):
        text = " ".join(span_of(title.words, config, rng))
        grains = analyze(text)
        yield {
            **dict.fromkeys(SCHEMA.names, ()),
            "search_id": f"{NOBODY}-{title.item_id}-{nth}",
            "user_id": NOBODY,
            "at_ms": at_ms,
            "query": text,
            "unigrams": grains.unigrams,
            "bigrams": grains.bigrams,
            "words": grains.words,
            "clicked": (title.item_id,),
        }


def span_of(words: tuple[str, ...], config: TitleSpansConfig, rng: np.random.Generator) -> list[str]:
    """Some of the words in their order, one side by side or from all over; now and then one is misspelt."""
    length = min(len(words), int(rng.integers(config.words_min, config.words_max + 1)))
    if rng.random() < SCATTERED:
        places = np.sort(rng.choice(len(words), length, replace=False))
    else:
        places = rng.integers(len(words) - length + 1) + np.arange(length)
    return [misspelt(words[place], rng) if rng.random() < config.misspelt else words[place] for place in places]


def misspelt(word: str, rng: np.random.Generator) -> str:
    """Two neighbouring letters change places, or one is left out."""
    if len(word) < MISSPELT_FROM:
        return word
    at = int(rng.integers(len(word) - 1))
    if rng.random() < 0.5:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :]
