"""What every Registry promises."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from multigrain.catalog.tables import generations
from multigrain.errors import GateRefused, MultigrainError, NotFound, WrongState
from multigrain.registry.generation import Evaluated, GateVerdict, Generation, GenerationState
from multigrain.registry.registry import Registry
from multigrain.registry.sql import SqlRegistry
from multigrain.registry.steps import LEASE_MS
from multigrain.types import GenerationId
from tests.builders import NOON_MS
from tests.contract.conftest import Clock

NO_GATE = "nothing is evaluated here"


def gen(name: str) -> GenerationId:
    return GenerationId(name)


def a_generation(name: str = "g-1", *, created_ms: int = NOON_MS) -> Generation:
    return Generation(
        generation_id=gen(name),
        state=GenerationState.BUILDING,
        bundle_id=f"b-{name}",
        bundle_path=f"bundles/b-{name}",
        collection=f"items_{name}",
        index_spec={"kind": "IVF_FLAT", "nlist": 1024, "nprobe": 128},
        dims=64,
        catalogue_revision=2**40,
        created_ms=created_ms,
        changed_ms=created_ms,
    )


def add(registry: Registry, name: str, *, state: GenerationState = GenerationState.READY) -> None:
    """A generation that came to `state` as generations do."""
    registry.create(a_generation(name))
    if state is not GenerationState.BUILDING:
        registry.mark_ready(gen(name), Evaluated())
    if state is GenerationState.LIVE:
        registry.promote(gen(name), override=NO_GATE)


def states(registry: Registry) -> dict[str, str]:
    return {row.generation_id: row.state.value for row in registry.list()}


def test_what_was_created_comes_back_whole_with_a_lease(registry: Registry, clock: Clock) -> None:
    registry.create(a_generation())

    lease_until_ms = clock.now_ms + LEASE_MS
    assert registry.get(gen("g-1")) == replace(a_generation(), lease_until_ms=lease_until_ms)


def test_a_generation_is_created_building_whatever_it_says(registry: Registry) -> None:
    registry.create(replace(a_generation(), state=GenerationState.LIVE))

    assert states(registry) == {"g-1": "building"}
    assert registry.live() is None


def test_an_id_that_exists_is_refused(registry: Registry) -> None:
    registry.create(a_generation())

    with pytest.raises(WrongState, match="g-1 exists"):
        registry.create(a_generation())


def test_an_unknown_id_is_answered_with_those_that_exist(registry: Registry) -> None:
    add(registry, "g-1")
    add(registry, "g-2")

    for step in (
        lambda: registry.get(gen("g-9")),
        lambda: registry.promote(gen("g-9")),
        lambda: registry.mark_ready(gen("g-9"), Evaluated()),
        lambda: registry.fail(gen("g-9"), "lost"),
    ):
        with pytest.raises(NotFound, match=r"no generation g-9: there are g-1, g-2"):
            step()


def test_all_are_listed_newest_first(registry: Registry) -> None:
    for name, created_ms in (("g-1", 1000), ("g-3", 3000), ("g-2", 2000)):
        registry.create(a_generation(name, created_ms=created_ms))

    assert [row.generation_id for row in registry.list()] == ["g-3", "g-2", "g-1"]


def test_what_was_measured_is_kept_with_readiness(registry: Registry, clock: Clock) -> None:
    add(registry, "g-1", state=GenerationState.BUILDING)

    registry.mark_ready(gen("g-1"), Evaluated(scores={"recall@100": 0.41, "canary_recall": 1.0}))

    ready = registry.get(gen("g-1"))
    assert ready.state is GenerationState.READY
    assert ready.scores == {"recall@100": 0.41, "canary_recall": 1.0}
    assert (ready.created_ms, ready.changed_ms) == (NOON_MS, clock.now_ms)


def test_the_reason_of_a_failure_is_kept(registry: Registry) -> None:
    add(registry, "g-1", state=GenerationState.BUILDING)
    add(registry, "g-2", state=GenerationState.READY)

    registry.fail(gen("g-1"), "canary recall 0.61")
    registry.fail(gen("g-2"), "not wanted")

    assert states(registry) == {"g-1": "failed", "g-2": "failed"}
    assert registry.get(gen("g-1")).note == "canary recall 0.61"


def test_promotion_retires_the_live_one(registry: Registry) -> None:
    add(registry, "g-1", state=GenerationState.LIVE)
    add(registry, "g-2")

    registry.promote(gen("g-2"), note="approved by Ada", override=NO_GATE)

    assert states(registry) == {"g-1": "retired", "g-2": "live"}
    live = registry.live()
    assert live is not None
    assert (live.generation_id, live.note) == ("g-2", "approved by Ada")


def test_the_stream_feeds_what_was_handed_over_and_has_its_index(registry: Registry) -> None:
    add(registry, "g-retired", state=GenerationState.LIVE)
    add(registry, "g-live", state=GenerationState.LIVE)
    add(registry, "g-ready")
    add(registry, "g-building", state=GenerationState.BUILDING)
    add(registry, "g-failed")
    registry.fail(gen("g-failed"), "no")

    assert {row.generation_id for row in registry.fed()} == {"g-live", "g-ready", "g-retired"}
    registry.drop_retired(keep=0, rested_ms=0)
    assert {row.generation_id for row in registry.fed()} == {"g-live", "g-ready"}


@pytest.mark.parametrize(
    ("state", "step", "said"),
    [
        (
            GenerationState.BUILDING,
            "promote",
            "g-1 is building and cannot become live: only one that is ready or retired",
        ),
        (GenerationState.READY, "mark_ready", "g-1 is ready and cannot become ready: only one that is building"),
        (GenerationState.LIVE, "promote", "g-1 is live and cannot become live"),
        (GenerationState.LIVE, "fail", "g-1 is live and cannot become failed: only one that is building or ready"),
    ],
)
def test_a_step_from_the_wrong_state_names_both(
    registry: Registry, state: GenerationState, step: str, said: str
) -> None:
    add(registry, "g-1", state=state)
    steps = {
        "promote": lambda: registry.promote(gen("g-1"), override=NO_GATE),
        "mark_ready": lambda: registry.mark_ready(gen("g-1"), Evaluated()),
        "fail": lambda: registry.fail(gen("g-1"), "why"),
    }

    with pytest.raises(WrongState, match=re.escape(said)):
        steps[step]()
    assert registry.get(gen("g-1")).state is state


PASSED = GateVerdict(passed=True, against=None)


def judged(registry: Registry, name: str, verdict: GateVerdict | None) -> None:
    registry.create(a_generation(name))
    registry.mark_ready(gen(name), Evaluated(verdict=verdict))


def test_what_the_gate_said_comes_back_whole(registry: Registry) -> None:
    verdict = GateVerdict(passed=False, against=gen("g-0"), refusals=("recall@100 fell", "good@100 too low"))
    judged(registry, "g-1", verdict)

    assert registry.get(gen("g-1")).verdict == verdict


def test_a_generation_that_passed_goes_live_by_itself(registry: Registry) -> None:
    judged(registry, "g-1", PASSED)
    registry.promote(gen("g-1"))

    assert states(registry) == {"g-1": "live"}
    assert registry.get(gen("g-1")).override == ""


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (None, "g-1 has not been through the gate"),
        (
            GateVerdict(passed=False, against=None, refusals=("a is low", "b is low")),
            "refused generation g-1: a is low; b",
        ),
        (GateVerdict(passed=True, against=gen("g-0"), refusals=("a is low",)), "refused generation g-1: a is low"),
        (GateVerdict(passed=True, against=gen("g-0")), "g-1 was compared with g-0, and none is live now"),
    ],
)
def test_what_the_gate_did_not_let_pass_is_not_promoted(
    registry: Registry, verdict: GateVerdict | None, said: str
) -> None:
    judged(registry, "g-1", verdict)

    with pytest.raises(GateRefused, match=re.escape(said)):
        registry.promote(gen("g-1"))
    assert states(registry) == {"g-1": "ready"}


def test_an_override_promotes_and_its_reason_is_kept(registry: Registry) -> None:
    judged(registry, "g-1", GateVerdict(passed=False, against=None, refusals=("a is low",)))
    registry.promote(gen("g-1"), override="the catalogue was halved, Ada")

    assert states(registry) == {"g-1": "live"}
    assert registry.get(gen("g-1")).override == "the catalogue was halved, Ada"


def test_an_override_given_with_readiness_counts_at_promotion(registry: Registry) -> None:
    registry.create(a_generation())
    registry.mark_ready(gen("g-1"), Evaluated(override="for the demo"))
    registry.promote(gen("g-1"))

    assert registry.get(gen("g-1")).override == "for the demo"


def test_a_verdict_is_stale_once_another_one_is_live_and_may_be_given_anew(registry: Registry) -> None:
    judged(registry, "g-1", PASSED)
    judged(registry, "g-2", PASSED)
    registry.promote(gen("g-1"))

    with pytest.raises(GateRefused, match="g-2 was compared with none, and g-1 is live now"):
        registry.promote(gen("g-2"))
    registry.keep_verdict(gen("g-2"), GateVerdict(passed=True, against=gen("g-1")))
    registry.promote(gen("g-2"))

    assert states(registry) == {"g-1": "retired", "g-2": "live"}


def test_a_retired_generation_goes_live_again_without_the_gate(registry: Registry) -> None:
    for name in ("g-1", "g-2"):
        add(registry, name, state=GenerationState.LIVE)

    registry.promote(gen("g-1"))

    assert states(registry) == {"g-1": "live", "g-2": "retired"}


def test_only_a_ready_generation_is_judged(registry: Registry) -> None:
    add(registry, "g-1", state=GenerationState.LIVE)

    with pytest.raises(WrongState, match="g-1 is live: the gate judges only one that is ready"):
        registry.keep_verdict(gen("g-1"), PASSED)
    with pytest.raises(NotFound, match="no generation g-9"):
        registry.keep_verdict(gen("g-9"), PASSED)


def test_rollback_goes_to_the_one_that_was_live_before(registry: Registry) -> None:
    for name in ("g-1", "g-2", "g-3"):
        add(registry, name, state=GenerationState.LIVE)

    assert registry.rollback().generation_id == "g-2"
    assert states(registry) == {"g-1": "retired", "g-2": "live", "g-3": "retired"}


def test_a_second_rollback_goes_further_back_and_not_to_what_was_left(registry: Registry) -> None:
    for name in ("g-1", "g-2", "g-3"):
        add(registry, name, state=GenerationState.LIVE)
    registry.rollback()

    assert registry.rollback().generation_id == "g-1"
    with pytest.raises(NotFound, match="no generation was live before g-1"):
        registry.rollback()
    assert states(registry) == {"g-1": "live", "g-2": "retired", "g-3": "retired"}


def test_after_a_rollback_and_a_promotion_the_bad_one_is_not_rolled_back_to(registry: Registry) -> None:
    add(registry, "g-1", state=GenerationState.LIVE)
    add(registry, "g-bad", state=GenerationState.LIVE)
    registry.rollback()
    add(registry, "g-3", state=GenerationState.LIVE)

    assert registry.rollback().generation_id == "g-1"


def test_a_retired_one_can_be_made_live_by_name(registry: Registry) -> None:
    for name in ("g-1", "g-2", "g-3"):
        add(registry, name, state=GenerationState.LIVE)

    registry.promote(gen("g-1"))

    assert states(registry) == {"g-1": "live", "g-2": "retired", "g-3": "retired"}
    assert registry.rollback().generation_id == "g-3"


def test_with_nothing_live_there_is_nothing_to_roll_back(registry: Registry) -> None:
    add(registry, "g-1")

    with pytest.raises(NotFound, match="no generation is live"):
        registry.rollback()
    assert states(registry) == {"g-1": "ready"}


def test_rollback_follows_the_order_of_promotions_when_a_clock_goes_backwards(registry: Registry, clock: Clock) -> None:
    for name in ("g-1", "g-2", "g-3"):
        add(registry, name, state=GenerationState.LIVE)
        clock.now_ms -= 3_600_000

    assert registry.rollback().generation_id == "g-2"


def test_of_two_who_promote_the_same_generation_one_wins(registry: Registry) -> None:
    add(registry, "g-0", state=GenerationState.LIVE)
    for number in range(1, 6):
        name = f"g-{number}"
        add(registry, name)

        assert sorted(_race(registry, [name, name])) == ["WrongState", "won"]
        assert [row for row, state in states(registry).items() if state == "live"] == [name]


def test_of_two_who_promote_what_passed_against_the_same_live_one_the_second_is_told(registry: Registry) -> None:
    for round_number in range(5):
        live = registry.live()
        names = [f"g-{round_number}-a", f"g-{round_number}-b"]
        for name in names:
            judged(registry, name, GateVerdict(passed=True, against=live.generation_id if live else None))

        assert sorted(_race(registry, names, override="")) == ["GateRefused", "won"]
        assert list(states(registry).values()).count("live") == 1


def test_of_many_who_promote_different_generations_the_last_is_live_and_never_two(registry: Registry) -> None:
    names = [f"g-{number}" for number in range(8)]
    for name in names:
        add(registry, name)

    assert _race(registry, names) == ["won"] * 8
    assert sorted(states(registry).values()) == ["live", *["retired"] * 7]
    seen = [registry.live()]
    for _ in range(7):
        seen.append(registry.rollback())
    assert {row.generation_id for row in seen if row} == set(names)


def test_two_live_rows_are_refused_by_the_database_itself(engine: sa.Engine, clock: Clock) -> None:
    registry = SqlRegistry(engine, clock=clock)
    add(registry, "g-1", state=GenerationState.LIVE)
    add(registry, "g-2")

    with pytest.raises(exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.update(generations).values(state="live"))
    with pytest.raises(exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.update(generations).values(state="on holiday"))
    assert states(registry) == {"g-1": "live", "g-2": "ready"}


def _race(registry: Registry, names: list[str], *, override: str = NO_GATE) -> list[str]:
    """What each of the promoters, set off together, met."""
    start = Barrier(len(names))

    def promote(name: str) -> str:
        start.wait()
        try:
            registry.promote(gen(name), override=override)
        except MultigrainError as error:
            return type(error).__name__
        return "won"

    with ThreadPoolExecutor(len(names)) as threads:
        return list(threads.map(promote, names))
