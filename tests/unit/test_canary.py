"""The sampled canary: what it lets pass, what it refuses, and that its interval says the truth."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain import canary, database
from multigrain.canary import CanaryReport, CanaryVerdict, Pace
from multigrain.canary.report import recall_interval, wilson
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.events import ItemRemoved
from multigrain.features.windows import Windows
from multigrain.index import specs
from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import ABSENT, Found, HardFilter
from multigrain.index.item_rows import item_rows
from multigrain.registry.generation import Generation, GenerationState
from multigrain.settings import GenerationSettings
from multigrain.types import Float32s, GenerationId, Item, ItemId
from tests.builders import NOON_MS, WordEncoder, an_item, an_upsert

ITEMS, DIMS, K = 1_000, 24, 40
FLOOR = 0.98
AT_ONCE = Pace(settle_seconds=0)
COLOURS = ("red", "black", "blue", "green", "white", "brown", "grey", "pink")
THINGS = ("dress", "shoe", "lamp", "chair", "scarf", "shirt", "watch", "table", "glove", "vase")
QUERIES = tuple((f"{colour} {thing}", Windows()) for colour in COLOURS for thing in THINGS)


def titled(number: int) -> Item:
    """Every title has its own number in it, so no two have the same vector."""
    return an_item(number, title=f"{COLOURS[number % 8]} {THINGS[number % 10]} style{number % 37} nr{number}")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> SqlCatalogue:
    engine = database.open_database(f"sqlite:///{tmp_path_factory.mktemp('canary') / 'shop.db'}")
    database.upgrade(engine)
    stocked = SqlCatalogue(engine)
    stocked.apply([an_upsert(titled(number)) for number in range(1, ITEMS + 1)])
    return stocked


class RememberingEncoder(WordEncoder):
    """A WordEncoder that computes each text once: the tests encode the same catalogue many times."""

    def __init__(self, dims: int = DIMS, *, seed: int = 0) -> None:
        super().__init__(dims, seed=seed)
        self._known: dict[str, Float32s] = {}

    def _text(self, text: str) -> Float32s:
        if text not in self._known:
            self._known[text] = super()._text(text)
        return self._known[text]


ENCODER = RememberingEncoder()


def an_index(catalogue: SqlCatalogue, encoder: WordEncoder = ENCODER) -> ExactIndex:
    """Every item of the catalogue, in this encoder's vectors."""
    index = ExactIndex("items", dims=encoder.dims)
    stored = [row for batch in catalogue.scan(10_000) for row in batch]
    index.upsert(item_rows(stored, encoder.encode_items([row.item for row in stored])))
    return index


class Mutated(ExactIndex):
    """An index whose answers are changed on their way out."""

    def __init__(self, real: ExactIndex, change: Callable[[Found, np.random.Generator], Found]) -> None:
        self.real, self.change = real, change
        self.rng = np.random.default_rng(5)

    def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
        return self.change(self.real.search(vectors, k, only=only, timeout_seconds=timeout_seconds), self.rng)


GENERATION = Generation(
    generation_id=GenerationId("g-1"),
    state=GenerationState.LIVE,
    bundle_id="b-words",
    bundle_path="bundles/b-words",
    collection="items",
    index_spec=specs.to_dict(specs.Flat()),
    dims=DIMS,
    catalogue_revision=0,
    created_ms=NOON_MS,
    changed_ms=NOON_MS,
)


def look(
    index: ExactIndex,
    catalogue: SqlCatalogue,
    *,
    seed: int = 0,
    generation: Generation = GENERATION,
    **changes: int,
) -> CanaryReport:
    wanted = GenerationSettings.model_validate({"canary_k": K, "canary_queries": 60, **changes})
    return canary.look(generation, ENCODER, index, catalogue, QUERIES, wanted, seed=seed, pace=AT_ONCE)


@pytest.mark.parametrize("seed", range(5))
def test_a_right_index_passes(catalogue: SqlCatalogue, seed: int) -> None:
    report = look(an_index(catalogue), catalogue, seed=seed)
    assert (report.recall, report.missed, report.faults) == (1.0, 0, 0)
    assert report.trials > 500
    assert report.checked == 512
    assert report.verdict(FLOOR) is CanaryVerdict.PASSED


def test_the_index_of_another_model_is_refused(catalogue: SqlCatalogue) -> None:
    report = look(an_index(catalogue, RememberingEncoder(seed=9)), catalogue)
    assert report.wrong_scores > 500
    assert not report.passes(FLOOR)


def test_vectors_kept_in_8_bits_pass_and_those_of_another_model_do_not(catalogue: SqlCatalogue) -> None:
    rounded = replace(GENERATION, index_spec=specs.to_dict(specs.MemoryScan(bits=8)))
    for encoder, passes in ((ENCODER, True), (RememberingEncoder(seed=9), False)):
        whole = an_index(catalogue, encoder)
        index = ExactIndex("items", dims=DIMS, bits=8)
        for rows in whole.scan(10_000):
            index.upsert(rows)
        report = look(index, catalogue, generation=rounded)
        assert report.trials > 500
        assert report.passes(FLOOR) is passes


def test_lost_rows_are_noticed(catalogue: SqlCatalogue) -> None:
    index = an_index(catalogue)
    index.delete(np.arange(1, ITEMS + 1, 20))
    report = look(index, catalogue)
    assert report.recall == pytest.approx(0.95, abs=0.03)
    assert report.faults == 0
    assert not report.passes(FLOOR)


def test_rows_lost_of_a_catalogue_smaller_than_an_answer_are_noticed(catalogue: SqlCatalogue) -> None:
    index = an_index(catalogue)
    index.delete(np.arange(1, ITEMS + 1, 20))
    report = look(index, catalogue, canary_k=5_000)
    assert report.recall == pytest.approx(0.95)
    assert not report.passes(FLOOR)


def test_rows_that_do_not_follow_their_items_are_noticed(catalogue: SqlCatalogue) -> None:
    index = an_index(catalogue)
    stale = index.rows_of(np.arange(1, ITEMS + 1, 20))
    others = index.rows_of(np.arange(2, ITEMS + 1, 20))
    index.upsert(replace(stale, vectors=others.vectors))
    report = look(index, catalogue)
    assert report.wrong_scores > 5
    assert not report.passes(FLOOR)


def doubled_scores(found: Found, rng: np.random.Generator) -> Found:
    return Found(found.item_nos, 2 * found.scores)


def shuffled_scores(found: Found, rng: np.random.Generator) -> Found:
    return Found(found.item_nos, rng.permuted(found.scores, axis=1))


def no_numbers(found: Found, rng: np.random.Generator) -> Found:
    return Found(found.item_nos, np.full_like(found.scores, np.nan))


def random_items(found: Found, rng: np.random.Generator) -> Found:
    return Found(rng.integers(1, ITEMS + 1, found.item_nos.shape), found.scores)


def every_item_twice(found: Found, rng: np.random.Generator) -> Found:
    half = found.item_nos.shape[1] // 2
    return Found(np.repeat(found.item_nos[:, :half], 2, axis=1), np.repeat(found.scores[:, :half], 2, axis=1))


def items_that_nobody_knows(found: Found, rng: np.random.Generator) -> Found:
    return Found(np.where(found.item_nos % 10 == 0, found.item_nos + 1_000_000, found.item_nos), found.scores)


def half_an_answer(found: Found, rng: np.random.Generator) -> Found:
    half = found.item_nos.shape[1] // 2
    item_nos, scores = found.item_nos.copy(), found.scores.copy()
    item_nos[:, half:], scores[:, half:] = ABSENT, -np.inf
    return Found(item_nos, scores)


def nothing_at_all(found: Found, rng: np.random.Generator) -> Found:
    return Found(np.full_like(found.item_nos, ABSENT), np.full_like(found.scores, -np.inf))


MUTATIONS = (
    doubled_scores,
    shuffled_scores,
    no_numbers,
    random_items,
    every_item_twice,
    items_that_nobody_knows,
    half_an_answer,
    nothing_at_all,
)


@pytest.mark.parametrize("change", MUTATIONS)
def test_an_index_that_answers_wrongly_is_refused(
    catalogue: SqlCatalogue, change: Callable[[Found, np.random.Generator], Found]
) -> None:
    report = look(Mutated(an_index(catalogue), change), catalogue)
    assert report.verdict(FLOOR) is CanaryVerdict.REFUSED
    assert "g-1" in str(canary.refusal(GENERATION, report, FLOOR))


def test_a_slightly_forgetful_index_passes_a_floor_that_it_holds(catalogue: SqlCatalogue) -> None:
    index = an_index(catalogue)
    index.delete(np.arange(1, ITEMS + 1, 200))
    report = look(index, catalogue)
    assert report.passes(FLOOR)
    assert report.passes(0.9)


def test_items_removed_from_the_catalogue_are_neither_missed_nor_known(tmp_path: Path) -> None:
    engine = database.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    database.upgrade(engine)
    own = SqlCatalogue(engine)
    own.apply([an_upsert(titled(number)) for number in range(1, 301)])
    holds_all = an_index(own)
    gone = [
        ItemRemoved(event_id=f"r-{n}", at_ms=NOON_MS, item_id=ItemId(f"sku-{n}"), source_version=2)
        for n in range(1, 61)
    ]
    own.apply(gone)
    report = look(an_index(own), own)
    assert (report.missed, report.unknown, report.items) == (0, 0, 240)
    report = look(holds_all, own)
    assert report.unknown > 50
    assert not report.passes(FLOOR)


def test_an_item_changed_while_the_canary_looks_is_not_held_against_the_index(tmp_path: Path) -> None:
    engine = database.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    database.upgrade(engine)
    own = SqlCatalogue(engine)
    own.apply([an_upsert(titled(number)) for number in range(1, 301)])
    real = an_index(own)

    class ChangesAfterTheFirstAnswers(Mutated):
        asked = 0

        def search(self, *args: object, **kwargs: object) -> Found:
            found = self.real.search(*args, **kwargs)  # type: ignore[arg-type]
            self.asked += 1
            if self.asked == 8:  # the last batch of 60 queries: the draw comes next
                changed = [
                    replace(titled(n), title=titled(301 - n).title + " other", source_version=2) for n in range(1, 301)
                ]
                stored = [change.stored for change in own.apply([an_upsert(item) for item in changed]) if change.stored]
                self.real.upsert(item_rows(stored, ENCODER.encode_items([row.item for row in stored])))
            return found

    report = look(ChangesAfterTheFirstAnswers(real, doubled_scores), own)
    assert (report.missed, report.faults) == (0, 0)


def test_without_queries_or_items_nothing_is_decided(catalogue: SqlCatalogue, tmp_path: Path) -> None:
    engine = database.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    database.upgrade(engine)
    empty = SqlCatalogue(engine)
    wanted = GenerationSettings.model_validate({"canary_k": K})
    unasked = canary.look(GENERATION, ENCODER, an_index(catalogue), catalogue, (), wanted, seed=0, pace=AT_ONCE)
    for report in (look(ExactIndex("items", dims=DIMS), empty), unasked):
        assert (report.trials, report.checked) == (0, 0)
        assert report.verdict(FLOOR) is CanaryVerdict.UNDECIDED
        assert report.passes(FLOOR)


def test_the_same_seed_looks_at_the_same_and_another_at_others(catalogue: SqlCatalogue) -> None:
    index = an_index(catalogue)
    index.delete(np.arange(1, ITEMS + 1, 20))
    first, again, other = (look(index, catalogue, seed=seed, canary_queries=20) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_large_catalogue_is_drawn_from_and_not_read(catalogue: SqlCatalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multigrain.canary.probe.ITEMS_MIN", 100)
    monkeypatch.setattr("multigrain.canary.probe.ITEMS_MAX", 200)
    index = an_index(catalogue)
    assert look(index, catalogue).items == 200  # 500 trials want 1000 * 500 / (60 * 40) = 209
    index.delete(np.arange(1, ITEMS + 1, 5))
    report = look(index, catalogue)
    assert report.recall == pytest.approx(0.8, abs=0.1)
    assert not report.passes(FLOOR)


def test_the_interval_of_the_recall_covers_the_truth(catalogue: SqlCatalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multigrain.canary.probe.ITEMS_MIN", 150)
    monkeypatch.setattr("multigrain.canary.probe.TRIALS", 10)
    index = an_index(catalogue)
    index.delete(np.random.default_rng(3).permutation(ITEMS)[:120] + 1)
    truth = 1 - 120 / ITEMS
    reports = [look(index, catalogue, seed=seed) for seed in range(60)]
    held = [report for report in reports if report.low <= truth <= report.high]
    # It should be 99 of 100 looks; what is missed clumps, so a few more are allowed here.
    assert len(held) >= 56
    assert max(report.high - report.low for report in reports) < 0.4


@given(hits=st.integers(0, 500), more=st.integers(0, 500))
def test_an_interval_holds_the_share_and_narrows_with_trials(hits: int, more: int) -> None:
    trials = hits + more
    low, high = wilson(hits, trials)
    assert 0 <= low <= high <= 1
    if trials:
        assert low - 1e-9 <= hits / trials <= high + 1e-9
        wider_low, wider_high = wilson(hits / 4, trials / 4)
        assert wider_high - wider_low >= high - low


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_trials_that_are_missed_together_say_less(queries: int, items: int, seed: int) -> None:
    pairs = np.array([(q, i) for q in range(queries) for i in range(items)])
    lost = np.random.default_rng(seed).random(items) < 0.2
    missed = lost[pairs[:, 1]]
    low, high = recall_interval(pairs[:, 0], pairs[:, 1], missed)
    free_low, free_high = wilson(float((~missed).sum()), len(missed))
    assert low <= 1 - missed.mean() + 1e-9
    assert high >= 1 - missed.mean() - 1e-9
    assert high - low >= free_high - free_low - 1e-9


def a_report(**changes: float) -> CanaryReport:
    values = {"queries": 100, "k": 100, "items": 2000, "trials": 500, "missed": 5, "low": 0.98, "high": 0.995}
    return CanaryReport(**{**values, "checked": 500, "wrong_scores": 0, "unknown": 0, "repeated": 0, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("report", "verdict"),
    [
        (a_report(), CanaryVerdict.PASSED),
        (a_report(missed=20, low=0.93, high=0.985), CanaryVerdict.UNDECIDED),  # chance explains it
        (a_report(missed=25, low=0.92, high=0.975), CanaryVerdict.REFUSED),
        (a_report(wrong_scores=3), CanaryVerdict.PASSED),
        (a_report(wrong_scores=6, unknown=6, repeated=6), CanaryVerdict.REFUSED),  # 18 of 500: 1 % is allowed
        (a_report(trials=0, missed=0, low=0.0, high=1.0), CanaryVerdict.UNDECIDED),
    ],
)
def test_the_verdict_follows_from_the_figures(report: CanaryReport, verdict: CanaryVerdict) -> None:
    assert report.verdict(FLOOR) is verdict
