"""Title spans: what is added to the examples, and what stays as it was."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain.text import analyzer
from tests.small_training import small_config, small_logs
from trainer.configs.config import TitleSpansConfig
from trainer.data.example import Example
from trainer.data.example_rows import read_examples, read_shard, shards_of
from trainer.data.examples import ExamplesManifest, write_examples
from trainer.data.held_out import held_out_from_ms
from trainer.data.logs import Logs, write_logs
from trainer.data.title_spans import MISSPELT_FROM, NOBODY, span_of, titles_before

PLAIN = TitleSpansConfig.model_validate({"per_item": 2, "words_min": 2, "words_max": 4})
WRONG = TitleSpansConfig.model_validate({"per_item": 2, "words_min": 2, "words_max": 4, "misspelt": 1.0})
WORDS = st.lists(st.sampled_from(["oak", "shelf", "white", "24in", "wall", "bracket"]), min_size=1, max_size=8)


def made(place: Path, logs: Logs, **changes: object) -> tuple[ExamplesManifest, Path]:
    folder = place / f"examples-{len(list(place.iterdir()))}"
    folder.mkdir()
    write_logs(place / "logs", logs)
    return write_examples(place / "logs", folder, small_config(**changes)), folder


def spans_in(folder: Path, part: str = "train") -> list[Example]:
    return [example for example in read_examples(folder, part) if example.user_id == NOBODY]


def rows(folder: Path) -> list[list[dict[str, object]]]:
    """Of the searches that somebody made, shard by shard."""
    tables = [pq.read_table(shard).to_pylist() for shard in sorted(folder.glob("*.parquet"))]
    return [[row for row in table if row["user_id"] != NOBODY] for table in tables]


@given(WORDS, st.integers(0, 1000))
def test_a_span_is_words_of_the_title_in_their_order(words: list[str], seed: int) -> None:
    span = span_of(tuple(words), PLAIN, np.random.default_rng(seed))
    assert min(2, len(words)) <= len(span) <= min(4, len(words))
    rest = iter(words)
    assert all(word in rest for word in span)


@given(WORDS, st.integers(0, 1000))
def test_a_typing_error_loses_a_letter_or_swaps_two_neighbours(words: list[str], seed: int) -> None:
    span = span_of(tuple(words), PLAIN, np.random.default_rng(seed))
    for word in span:
        (wrong,) = span_of((word,), WRONG, np.random.default_rng(seed))
        if len(word) < MISSPELT_FROM:
            assert wrong == word
        else:
            swapped = Counter(wrong) == Counter(word)
            assert swapped or any(wrong == word[:at] + word[at + 1 :] for at in range(len(word)))


def test_every_title_gets_its_spans_and_each_wants_its_item(tmp_path: Path) -> None:
    logs = small_logs()
    manifest, folder = made(tmp_path, logs, title_spans={"per_item": 2})
    spans = spans_in(folder)
    titles = {
        row["item_id"]: row["title"] for row in logs.catalog.to_pylist() if row["listed_ms"] < manifest.test_from_ms
    }
    assert Counter(example.clicked for example in spans) == {(item_id,): 2 for item_id in titles}
    assert manifest.spans == len(spans) == 2 * len(titles)
    for example in spans:
        assert example.grains == analyzer.analyze(example.query)
        assert set(example.query.split()) <= set(analyzer.words_of(titles[example.clicked[0]]))
        assert len(example.history.realtime) == 0
    assert len({example.query for example in spans}) > len(titles), "not the same span twice"


def test_of_items_that_came_after_the_split_nothing_is_learnt(tmp_path: Path) -> None:
    write_logs(tmp_path, small_logs())
    listed = sorted(small_logs().catalog["listed_ms"].to_pylist())
    assert len(titles_before(tmp_path, listed[150])) == sum(at_ms < listed[150] for at_ms in listed)


def test_what_people_searched_stays_as_it_was_and_the_test_part_has_no_spans(tmp_path: Path) -> None:
    logs = small_logs()
    without, plain = made(tmp_path, logs)
    with_spans, mixed = made(tmp_path, logs, title_spans={"per_item": 1})
    assert rows(mixed) == rows(plain)
    assert spans_in(mixed, "test") == []
    assert (with_spans.train, with_spans.test, without.spans) == (without.train, without.test, 0)


def test_spans_are_in_every_shard_so_that_batches_mix(tmp_path: Path) -> None:
    _, folder = made(tmp_path, small_logs(), title_spans={"per_item": 1})
    shares = [
        np.mean([example.user_id == NOBODY for example in read_shard(shard)]) for shard in shards_of(folder, "train")
    ]
    assert len(shares) == 2
    assert max(shares) - min(shares) < 0.1


def test_no_span_is_held_out(tmp_path: Path) -> None:
    _, folder = made(tmp_path, small_logs(), title_spans={"per_item": 1})
    from_ms = held_out_from_ms(folder, 50)
    assert all(example.at_ms < from_ms for example in spans_in(folder))


def test_one_seed_gives_the_same_spans_and_another_seed_others(tmp_path: Path) -> None:
    logs = small_logs()
    texts = []
    for seed in (0, 0, 1):
        _, folder = made(tmp_path, logs, title_spans={"per_item": 1, "seed": seed})
        texts.append([(example.search_id, example.query) for example in spans_in(folder)])
    assert texts[0] == texts[1] != texts[2]


def test_an_item_that_joins_the_catalogue_changes_no_other_span(tmp_path: Path) -> None:
    logs = small_logs()
    fewer = Logs(catalog=logs.catalog.slice(1), searches=logs.searches, events=logs.events)
    _, all_of_them = made(tmp_path, logs, title_spans={"per_item": 1})
    _, less_one = made(tmp_path, fewer, title_spans={"per_item": 1})
    first = logs.catalog["item_id"][0].as_py()
    before, after = ({e.clicked[0]: e.query for e in spans_in(folder)} for folder in (less_one, all_of_them))
    assert after.keys() - before.keys() == {first}
    assert before.items() <= after.items()


def test_a_title_without_a_word_has_no_span(tmp_path: Path) -> None:
    logs = small_logs()
    names = pa.array(["!?", *logs.catalog["title"].to_pylist()[1:]])
    catalog = logs.catalog.set_column(1, logs.catalog.schema.field("title"), names)
    write_logs(tmp_path, Logs(catalog=catalog, searches=logs.searches, events=logs.events))
    wordless = logs.catalog["item_id"][0].as_py()
    assert wordless not in {title.item_id for title in titles_before(tmp_path, 2**60)}


def test_bounds_that_cross_are_refused() -> None:
    with pytest.raises(ValueError, match="words_min is above words_max"):
        TitleSpansConfig.model_validate({"words_min": 3, "words_max": 2})
