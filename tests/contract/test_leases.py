"""What every Registry promises about builders that go away, and about indexes that are no longer wanted."""

import pytest
import sqlalchemy as sa

from multigrain.errors import NotFound, WrongState
from multigrain.registry.generation import Evaluated, GenerationState
from multigrain.registry.registry import Registry
from multigrain.registry.sql import SqlRegistry
from multigrain.registry.steps import LEASE_MS
from tests.contract.conftest import Clock
from tests.contract.stores import rolled_back
from tests.contract.test_registry import NO_GATE, add, gen, states

HOUR_MS = 3_600_000


def test_a_builder_that_renews_its_lease_is_not_given_up(registry: Registry, clock: Clock) -> None:
    add(registry, "g-1", state=GenerationState.BUILDING)
    for _ in range(5):
        clock.now_ms += LEASE_MS - 10_000
        registry.renew_lease(gen("g-1"))

    assert registry.give_up_abandoned() == []
    assert states(registry) == {"g-1": "building"}


def test_a_builder_without_a_word_is_given_up_and_cannot_go_on(registry: Registry, clock: Clock) -> None:
    add(registry, "g-1", state=GenerationState.BUILDING)
    add(registry, "g-2")
    clock.now_ms += LEASE_MS

    assert [one.generation_id for one in registry.give_up_abandoned()] == ["g-1"]
    assert registry.get(gen("g-1")).note == "its builder has gone without a word: publish it again"
    with pytest.raises(WrongState, match=r"g-1 is failed \(its builder has gone.*must stop"):
        registry.renew_lease(gen("g-1"))
    with pytest.raises(WrongState, match="g-1 is failed and cannot become ready"):
        registry.mark_ready(gen("g-1"), Evaluated())
    assert states(registry) == {"g-1": "failed", "g-2": "ready"}


def test_what_is_ready_has_no_lease_to_run_out(registry: Registry, clock: Clock) -> None:
    add(registry, "g-1")
    clock.now_ms += 10 * LEASE_MS

    assert registry.give_up_abandoned() == []
    assert registry.get(gen("g-1")).lease_until_ms is None


def test_retired_ones_beyond_the_kept_lose_their_index_the_oldest_first(registry: Registry, clock: Clock) -> None:
    for name in ("g-1", "g-2", "g-3", "g-4"):
        add(registry, name, state=GenerationState.LIVE)
    clock.now_ms += HOUR_MS

    dropped = registry.drop_retired(keep=2, rested_ms=HOUR_MS // 2)

    assert [one.generation_id for one in dropped] == ["g-1"]
    assert registry.get(gen("g-1")).dropped_ms == clock.now_ms
    assert registry.drop_retired(keep=2, rested_ms=0) == []


def test_one_that_has_just_retired_keeps_its_index_for_servers_that_switch_late(
    registry: Registry, clock: Clock
) -> None:
    for name in ("g-1", "g-2", "g-3"):
        add(registry, name, state=GenerationState.LIVE)

    assert registry.drop_retired(keep=1, rested_ms=HOUR_MS) == []
    clock.now_ms += HOUR_MS
    assert [one.generation_id for one in registry.drop_retired(keep=1, rested_ms=HOUR_MS)] == ["g-1"]


def test_one_without_its_index_is_never_live_again(registry: Registry) -> None:
    for name in ("g-1", "g-2"):
        add(registry, name, state=GenerationState.LIVE)
    registry.drop_retired(keep=0, rested_ms=0)

    with pytest.raises(WrongState, match="g-1 has no index any more and cannot become live: publish it again"):
        registry.promote(gen("g-1"), override=NO_GATE)
    with pytest.raises(NotFound, match="no generation was live before g-2"):
        registry.rollback()


def test_a_rollback_passes_over_what_has_no_index(registry: Registry, clock: Clock) -> None:
    for name in ("g-1", "g-2", "g-3"):
        add(registry, name, state=GenerationState.LIVE)
    registry.promote(gen("g-1"))  # by name: so g-2 and g-3 are retired, g-2 for longer
    registry.drop_retired(keep=1, rested_ms=0)

    assert registry.rollback().generation_id == "g-3"


def test_of_two_who_see_the_same_trouble_only_one_rolls_back(registry: Registry) -> None:
    for name in ("g-1", "g-2", "g-3"):
        add(registry, name, state=GenerationState.LIVE)

    assert registry.rollback(live=gen("g-3"), note="canary at 0.61").note == "canary at 0.61"
    with pytest.raises(WrongState, match="g-2 is live, not g-3"):
        registry.rollback(live=gen("g-3"))
    assert states(registry)["g-2"] == "live"


def test_a_ready_one_that_nobody_wants_retires_with_the_reason(registry: Registry) -> None:
    add(registry, "g-1")
    registry.retire(gen("g-1"), note="superseded")

    assert states(registry) == {"g-1": "retired"}
    assert registry.get(gen("g-1")).note == "superseded"
    with pytest.raises(WrongState, match="g-1 is retired and cannot become retired"):
        registry.retire(gen("g-1"))


def test_the_live_one_cannot_be_retired(registry: Registry) -> None:
    add(registry, "g-1", state=GenerationState.LIVE)

    with pytest.raises(WrongState, match="g-1 is live and cannot become retired"):
        registry.retire(gen("g-1"))


def test_how_an_index_is_searched_is_kept_for_those_that_have_one(registry: Registry) -> None:
    add(registry, "g-1", state=GenerationState.LIVE)
    add(registry, "g-2", state=GenerationState.BUILDING)
    tuned = {"kind": "IVF_FLAT", "nlist": 1024, "nprobe": 200}

    registry.keep_index_spec(gen("g-1"), tuned)

    assert registry.get(gen("g-1")).index_spec == tuned
    with pytest.raises(WrongState, match="g-2 is building"):
        registry.keep_index_spec(gen("g-2"), tuned)


def test_a_step_inside_a_transaction_is_undone_with_it(engine: sa.Engine, clock: Clock) -> None:
    registry = SqlRegistry(engine, clock=clock)
    add(registry, "g-1", state=GenerationState.BUILDING)

    with rolled_back(engine) as connection:
        registry.within(connection).mark_ready(gen("g-1"), Evaluated())

    assert states(registry) == {"g-1": "building"}
