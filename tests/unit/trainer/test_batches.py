"""Batches: what they hold, and that each is a function of the seed and its step."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tests.unit.trainer.conftest import SmallRun
from trainer.configs.config import GroupsConfig
from trainer.data.batches import Batch, Batches, BatchShape
from trainer.data.encoded_shards import GROUPS, EncodedShards, Encoder
from trainer.data.example_rows import read_examples
from trainer.data.held_out import held_out, held_out_from_ms
from trainer.data.logs import items_of
from trainer.data.pool import Pool
from trainer.data.prefetch import Prefetch

FOR_EVER_MS = 10**15


def shards_of_run(
    small_run: SmallRun,
    *,
    before_ms: int = FOR_EVER_MS,
    memory_bytes: int = 10**9,
    groups: GroupsConfig | None = None,
) -> EncodedShards:
    config = small_run.config
    encoder = Encoder(
        list(items_of(small_run.logs)),
        small_run.bundle.vocabularies(),
        lengths=config.text.to_floor(),
        windows=config.windows.to_floor(),
        groups=groups,
    )
    return EncodedShards(small_run.candidate.examples, encoder, before_ms=before_ms, memory_bytes=memory_bytes)


def batches_of(
    small_run: SmallRun, *, memory_bytes: int = 10**9, groups: GroupsConfig | None = None, **changes: int
) -> Batches:
    shape = replace(BatchShape(size=16, pool=32, epochs=2, seed=0), **changes)
    pool = Pool(np.ones(len(small_run.logs.catalog), np.int64), popular=0.5)
    return Batches(shards_of_run(small_run, memory_bytes=memory_bytes, groups=groups), pool, shape)


def assert_same(some: list[Batch], others: list[Batch]) -> None:
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_a_run_has_as_many_batches_as_it_says(small_run: SmallRun) -> None:
    batches = batches_of(small_run)
    examples = len(list(read_examples(small_run.candidate.examples, "train")))
    assert batches.rows == examples
    assert batches.steps == len(list(batches)) == 2 * examples // 16


def test_a_pass_reads_every_example_once(small_run: SmallRun) -> None:
    shards = shards_of_run(small_run)
    everyone = np.concatenate([shards[number]["known"] for number in range(len(shards.sizes))])
    (whole,) = batches_of(small_run, size=len(everyone), epochs=1)
    assert sorted(map(tuple, whole["known"].tolist())) == sorted(map(tuple, everyone.tolist()))


def test_the_drawn_positive_was_clicked_in_that_search(small_run: SmallRun) -> None:
    items = list(items_of(small_run.logs))
    clicked = {example.clicked for example in read_examples(small_run.candidate.examples, "train")}
    for batch in batches_of(small_run):
        assert (batch["positive"][:, None] == batch["known"]).any(1).all()
        for known in batch["known"]:
            assert tuple(items[row].item_id for row in known if row >= 0) in {ids[:8] for ids in clicked}


def test_a_row_has_the_impression_groups_of_its_own_search(small_run: SmallRun) -> None:
    items = [item.item_id for item in items_of(small_run.logs)]
    searches = {
        (frozenset(example.clicked), frozenset(example.ordered), example.unclicked[:60])
        for example in read_examples(small_run.candidate.examples, "train")
    }
    orders = 0
    for batch in batches_of(small_run, groups=GroupsConfig(ordered=8, clicked=8, unclicked=60), epochs=1):
        for clicks, is_ordered, others in zip(batch["clicked"], batch["ordered"], batch["unclicked"], strict=True):
            clicked = frozenset(items[row] for row in clicks if row >= 0)
            ordered = frozenset(items[row] for row in clicks[is_ordered == 1])
            assert (clicked, ordered, tuple(items[row] for row in others if row >= 0)) in searches
            orders += len(ordered)
    assert orders > 10


def test_groups_stand_beside_what_batches_hold_without_them(small_run: SmallRun) -> None:
    grouped = list(batches_of(small_run, groups=GroupsConfig(ordered=1, clicked=2, unclicked=4)))
    assert grouped[0]["clicked"].shape == grouped[0]["ordered"].shape == (16, 2)
    assert grouped[0]["unclicked"].shape == (16, 4)
    plain = [{name: batch[name] for name in batch if name not in GROUPS} for batch in grouped]
    assert_same(plain, list(batches_of(small_run)))


def test_the_same_seed_gives_the_same_batches_and_another_another_order(small_run: SmallRun) -> None:
    first, again, other = (next(iter(batches_of(small_run, seed=seed))) for seed in (1, 1, 2))
    assert_same([first], [again])
    assert not np.array_equal(first["positive"], other["positive"])
    assert not np.array_equal(first["pool"], other["pool"])


@pytest.mark.parametrize("size", [7, 16, 50])
def test_batches_from_a_step_on_are_those_of_an_unbroken_run(small_run: SmallRun, size: int) -> None:
    batches = batches_of(small_run, size=size, epochs=3)
    everyone = list(batches)
    for step in (0, 1, batches.steps // 3, batches.steps // 2, batches.steps - 1, batches.steps):
        assert_same(list(batches.from_step(step)), everyone[step:])


def test_the_same_batches_come_with_a_thread_and_without_memory(small_run: SmallRun) -> None:
    everyone = list(batches_of(small_run))
    with Prefetch(iter(batches_of(small_run, memory_bytes=0)), lambda: 0.0) as ahead:
        assert_same(list(ahead), everyone)


def test_encoded_shards_are_kept_only_as_far_as_there_is_room(small_run: SmallRun) -> None:
    roomy, cramped = shards_of_run(small_run), shards_of_run(small_run, memory_bytes=0)
    assert roomy[0] is roomy[0]
    assert cramped[0] is not cramped[0]
    one = sum(array.nbytes for array in roomy[0].values())
    some = shards_of_run(small_run, memory_bytes=one)
    assert some[0] is some[0]
    assert some[1] is not some[1]


def test_what_breaks_in_the_thread_is_raised_in_the_loop(small_run: SmallRun) -> None:
    def broken():  # type: ignore[no-untyped-def]  # an iterator of batches
        yield from islice(batches_of(small_run), 2)
        raise OSError("the disk is gone")

    with Prefetch(broken(), lambda: 0.0) as ahead:
        made = iter(ahead)
        assert_same([next(made), next(made)], list(islice(batches_of(small_run), 2)))
        with pytest.raises(OSError, match="the disk is gone"):
            next(made)


def test_a_loop_that_leaves_early_ends_the_thread(small_run: SmallRun) -> None:
    with Prefetch(iter(batches_of(small_run, epochs=100)), lambda: 0.0) as ahead:
        next(iter(ahead))
    assert not ahead._thread.is_alive()


def test_the_newest_examples_are_held_out_and_no_others(small_run: SmallRun) -> None:
    folder = small_run.candidate.examples
    everyone = list(read_examples(folder, "train"))
    from_ms = held_out_from_ms(folder, 256)
    kept_out = held_out(folder, from_ms)
    assert len(everyone) // 20 <= len(kept_out) < len(everyone) // 10, "one in twenty, but for ties"
    assert min(example.at_ms for example in kept_out) == from_ms
    learnt = shards_of_run(small_run, before_ms=from_ms)
    assert sum(learnt.sizes) == sum(len(learnt[i]["known"]) for i in range(len(learnt.sizes)))
    assert sum(learnt.sizes) == sum(example.at_ms < from_ms for example in everyone)


def test_nothing_is_held_out_where_nothing_is_wanted(small_run: SmallRun) -> None:
    folder = small_run.candidate.examples
    assert held_out(folder, held_out_from_ms(folder, 0)) == []


def test_no_examples_hold_nothing_out(tmp_path: Path) -> None:
    assert held_out(tmp_path, held_out_from_ms(tmp_path, 256)) == []
