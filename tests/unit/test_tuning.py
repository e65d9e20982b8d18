"""The cheapest search parameters, found on recalls that are known."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.vectors import clustered, index_rows
from commands.tuning.trial import Trial
from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import ItemIndex
from multigrain.index.specs import (
    KINDS,
    DiskAnn,
    Flat,
    GpuBruteForce,
    GpuCagra,
    Hnsw,
    IndexSpec,
    IvfFlat,
    MemoryScan,
    Scann,
    same_build,
)
from multigrain.index.tuning import NEAR_ENOUGH, RecallOf, Tuned, knobs_of, tune, wider


def found_from(field: str, enough: int) -> RecallOf:
    """Recall that grows with a parameter, to 0.9 at `enough`."""
    return lambda spec: min(1.0, 0.9 * getattr(spec, field) / enough)


@pytest.mark.parametrize("spec", [Flat(), MemoryScan(), GpuBruteForce()], ids=lambda spec: spec.kind)
def test_what_compares_each_has_nothing_to_turn(spec: IndexSpec) -> None:
    assert knobs_of(spec, 100) == ()
    assert tune(spec, 100, 0.9, lambda _: 1.0) == Tuned(None, ())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 100, 1000])
def test_every_value_of_a_knob_is_a_spec_that_milvus_takes(kind: type[IndexSpec], k: int) -> None:
    for knob in knobs_of(kind(), k):
        assert knob.field in kind.search_fields
        assert knob.low <= knob.high
        for value in (knob.low, knob.at_least((knob.low + knob.high) / 2), knob.high):
            turned = knob.turned(kind(), value)
            assert turned.search_params(k)[knob.field] == value
            assert same_build(turned, kind())


@settings(deadline=None)
@given(enough=st.integers(1, 1024), nlist=st.just(1024))
def test_the_chosen_setting_finds_enough_and_the_next_cheaper_one_does_not(enough: int, nlist: int) -> None:
    tuned = tune(IvfFlat(nlist=nlist), 100, 0.9, found_from("nprobe", enough))

    assert tuned.chosen is not None
    chosen = _probes(tuned.chosen.spec)
    tried = sorted((_probes(one.spec), one.recall) for one in tuned.tried)
    assert tuned.chosen.recall >= 0.9
    assert enough <= chosen <= enough + max(1, NEAR_ENOUGH * chosen), "the least is known here"
    assert all(recall < 0.9 for probes, recall in tried if probes < chosen)
    assert len(tried) == len(set(tried)) <= 20, "no setting is measured twice"


@given(best=st.floats(0, 0.89))
def test_where_nothing_finds_enough_all_of_it_was_tried(best: float) -> None:
    tuned = tune(IvfFlat(nlist=512), 100, 0.9, lambda spec: best * _probes(spec) / 512)

    assert tuned.chosen is None
    assert tuned.best.recall == pytest.approx(best)
    assert max(_probes(one.spec) for one in tuned.tried) == 512


def test_a_first_setting_that_finds_enough_is_taken() -> None:
    tuned = tune(Hnsw(), 100, 0.9, lambda _: 1.0)

    assert tuned.chosen is not None
    assert tuned.chosen.spec == Hnsw(ef=100), "fewer candidates than k there cannot be"
    assert len(tuned.tried) == 2


def test_of_two_parameters_each_is_turned_down_in_its_turn() -> None:
    tuned = tune(Scann(nlist=1024), 100, 0.9, _both(found_from("nprobe", 64), found_from("reorder_k", 1600)))

    assert tuned.chosen is not None
    spec = tuned.chosen.spec
    assert isinstance(spec, Scann)
    assert 64 <= spec.nprobe <= 68
    assert 1600 <= spec.reorder_k <= 1680


def test_the_next_wider_setting_looks_at_twice_as_much_until_it_looks_at_all() -> None:
    assert wider(IvfFlat(nlist=100, nprobe=30), 10) == IvfFlat(nlist=100, nprobe=60)
    assert wider(IvfFlat(nlist=100, nprobe=60), 10) == IvfFlat(nlist=100, nprobe=100)
    assert wider(IvfFlat(nlist=100, nprobe=100), 10) is None
    assert wider(Flat(), 10) is None
    assert wider(Scann(nlist=100, nprobe=30, reorder_k=50), 10) == Scann(nlist=100, nprobe=60, reorder_k=100)


def test_cagra_is_turned_in_steps_of_32() -> None:
    tuned = tune(GpuCagra(), 100, 0.9, found_from("itopk_size", 300))

    assert tuned.chosen is not None
    assert tuned.chosen.spec == GpuCagra(itopk_size=320)


def test_of_partitions_each_is_asked_for_its_share() -> None:
    assert knobs_of(DiskAnn(partitions=4), 1000)[0].low == DiskAnn(partitions=4).part_k(1000)


@pytest.mark.parametrize(("kept", "recall"), [(1, 1.0), (2, 0.5), (4, 0.25)])
def test_recall_is_the_share_of_the_exact_nearest(kept: int, recall: float) -> None:
    whole, part = an_index(every=1), an_index(every=kept)
    trial = Trial(clustered(30, 16, seed=9), whole.scan(500), 100, lambda _: part)

    assert trial.recall_of(Flat()) == pytest.approx(recall, abs=0.06)


def test_an_item_that_stands_twice_in_an_answer_is_found_once() -> None:
    whole = an_index(every=1)

    class Repeating(ExactIndex):
        def search(self, vectors, k, **more):  # type: ignore[no-untyped-def]  # as ExactIndex
            found = whole.search(vectors, k, **more)
            found.item_nos[:, 1::2] = found.item_nos[:, ::2]
            return found

    trial = Trial(clustered(5, 16, seed=9), whole.scan(500), 100, lambda _: Repeating("twice", dims=16))

    assert trial.recall_of(Flat()) == 0.5


def test_settings_are_timed_in_turns() -> None:
    asked: list[IndexSpec] = []
    now = 0.0

    def opened(spec: IndexSpec) -> ItemIndex:
        class Slow(ExactIndex):
            def search(self, vectors, k, **more):  # type: ignore[no-untyped-def]  # as ExactIndex
                nonlocal now
                asked.append(spec)
                now += 0.001 * _probes(spec)
                return super().search(vectors, k, **more)

        return Slow("slow", dims=16)

    settings = [IvfFlat(nprobe=2), IvfFlat(nprobe=5)]
    trial = Trial(clustered(9, 16, seed=9), an_index(every=1).scan(500), 10, opened)
    done: list[int] = []

    took = trial.in_turns(settings, 3, lambda: now, done.append)

    assert asked == settings * 3
    assert done == [1, 2, 3]
    assert [took[spec].median_ms for spec in settings] == pytest.approx([2, 5])
    assert [took[spec].p95_ms for spec in settings] == pytest.approx([2, 5])


def an_index(*, every: int) -> ExactIndex:
    """Of 2,000 clustered vectors each `every`-th."""
    index = ExactIndex("whole", dims=16)
    index.fill(index_rows(clustered(2_000, 16, seed=1)))
    index.delete(np.array([number for number in range(1, 2_001) if number % every], np.int64))
    return index


def _both(one: RecallOf, other: RecallOf) -> Callable[[IndexSpec], float]:
    return lambda spec: min(one(spec), other(spec))


def _probes(spec: IndexSpec) -> int:
    assert isinstance(spec, IvfFlat)
    return spec.nprobe
