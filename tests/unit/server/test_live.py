import threading
import time
from dataclasses import replace

import pytest

from multigrain.errors import BundleRefused, InvalidRequest, NotFound, NothingLive
from multigrain.index import specs
from multigrain.index.exact import ExactIndexStore
from multigrain.registry.generation import Evaluated, Generation, GenerationState
from multigrain.registry.memory import MemoryRegistry
from multigrain.types import GenerationId
from server.generations.live import LiveGeneration, LiveGenerations
from server.generations.loading import bring_up, reopener
from server.understanding.tagger import Tagger
from tests.builders import NOON_MS, WordEncoder

DIMS = 8


def a_generation(name: str) -> Generation:
    return Generation(
        generation_id=GenerationId(name),
        state=GenerationState.BUILDING,
        bundle_id="b-words",
        bundle_path="bundles/b-words",
        collection=name.replace("-", "_"),
        index_spec=specs.to_dict(specs.Flat()),
        dims=DIMS,
        catalogue_revision=0,
        created_ms=NOON_MS,
        changed_ms=NOON_MS,
    )


class Loads:
    """Real loads of tiny generations that can be told to fail or to wait, and are counted."""

    def __init__(self) -> None:
        self.indexes = ExactIndexStore()
        self.made: list[str] = []
        self.fail = False
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, generation: Generation) -> LiveGeneration:
        self.made.append(generation.generation_id)
        assert self.go_on.wait(10)
        if self.fail:
            raise BundleRefused(f"{generation.bundle_path} is cut short: export it again")
        return bring_up(generation, WordEncoder(DIMS), self.indexes, Tagger([]))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry(clock=lambda: NOON_MS)


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def generations(registry: MemoryRegistry, loads: Loads, clock: Clock) -> LiveGenerations:
    return LiveGenerations(registry, loads, allow_choice=True, monotonic=clock)


def publish(registry: MemoryRegistry, loads: Loads, name: str, *, live: bool = True) -> None:
    registry.create(a_generation(name))
    loads.indexes.create(name.replace("-", "_"), dims=DIMS, spec=specs.Flat())
    registry.mark_ready(GenerationId(name), Evaluated())
    if live:
        registry.promote(GenerationId(name), override="nothing is evaluated here")


def served(generations: LiveGenerations) -> str:
    with generations.lease() as live:
        return live.generation.generation_id


def test_before_the_first_generation_there_is_nothing_to_answer_from(generations: LiveGenerations) -> None:
    assert not generations.refresh()
    with pytest.raises(NothingLive), generations.lease():
        pass


def test_a_promoted_generation_is_served_after_the_next_look(
    generations: LiveGenerations, registry: MemoryRegistry, loads: Loads
) -> None:
    publish(registry, loads, "g-1")
    assert generations.refresh()
    assert served(generations) == "g-1"
    assert not generations.refresh()
    assert loads.made == ["g-1"]


def test_a_request_in_flight_finishes_on_the_generation_it_began_with(
    generations: LiveGenerations, registry: MemoryRegistry, loads: Loads
) -> None:
    publish(registry, loads, "g-1")
    generations.refresh()
    with generations.lease() as held:
        publish(registry, loads, "g-2")
        generations.refresh()
        assert served(generations) == "g-2"
        assert held.generation.generation_id == "g-1"


def test_a_load_that_fails_leaves_the_one_before_serving(
    generations: LiveGenerations, registry: MemoryRegistry, loads: Loads, clock: Clock
) -> None:
    publish(registry, loads, "g-1")
    generations.refresh()
    publish(registry, loads, "g-2")
    loads.fail = True
    assert not generations.refresh()
    assert served(generations) == "g-1"


def test_a_failed_load_is_tried_again_later_and_not_at_every_look(
    generations: LiveGenerations, registry: MemoryRegistry, loads: Loads, clock: Clock
) -> None:
    publish(registry, loads, "g-1")
    loads.fail = True
    for _ in range(3):
        generations.refresh()
    assert loads.made == ["g-1"]
    loads.fail, clock.now = False, 5.1
    assert generations.refresh()
    assert served(generations) == "g-1"


def test_a_rollback_is_served_like_a_promotion(
    generations: LiveGenerations, registry: MemoryRegistry, loads: Loads
) -> None:
    for name in ("g-1", "g-2"):
        publish(registry, loads, name)
        generations.refresh()
    registry.rollback()
    generations.refresh()
    assert served(generations) == "g-1"


def test_a_generation_rolled_back_from_while_it_was_loaded_is_never_served(
    generations: LiveGenerations, registry: MemoryRegistry, loads: Loads
) -> None:
    publish(registry, loads, "g-1")
    generations.refresh()
    publish(registry, loads, "g-2")
    loads.go_on.clear()
    switched: list[bool] = []
    loading = threading.Thread(target=lambda: switched.append(generations.refresh()))
    loading.start()
    while loads.made != ["g-1", "g-2"]:
        time.sleep(0.001)
    registry.rollback()
    loads.go_on.set()
    loading.join()
    assert switched == [False]
    assert served(generations) == "g-1"
    assert not generations.refresh()
    assert loads.made == ["g-1", "g-2"]


def test_towers_of_another_bundle_than_the_index_are_refused(registry: MemoryRegistry, loads: Loads) -> None:
    publish(registry, loads, "g-1")
    wrong = replace(registry.get(GenerationId("g-1")), bundle_id="b-other")
    with pytest.raises(BundleRefused, match="b-other"):
        bring_up(wrong, WordEncoder(DIMS), loads.indexes, Tagger([]))


def test_a_named_generation_answers_beside_the_live_one(
    generations: LiveGenerations, registry: MemoryRegistry, loads: Loads
) -> None:
    publish(registry, loads, "g-1")
    publish(registry, loads, "g-2", live=False)
    generations.refresh()
    generations.prepare(GenerationId("g-2"))
    generations.prepare(GenerationId("g-2"))
    with generations.lease(GenerationId("g-2")) as live:
        assert live.generation.generation_id == "g-2"
    assert served(generations) == "g-1"
    assert loads.made == ["g-1", "g-2"]


def test_a_named_generation_is_refused_where_the_server_does_not_allow_it(
    registry: MemoryRegistry, loads: Loads
) -> None:
    closed = LiveGenerations(registry, loads, allow_choice=False)
    publish(registry, loads, "g-1")
    publish(registry, loads, "g-2", live=False)
    closed.refresh()
    closed.prepare(GenerationId("g-1"))  # the live one may always be named
    with pytest.raises(InvalidRequest) as caught:
        closed.prepare(GenerationId("g-2"))
    assert caught.value.field == "generation_id"


def test_a_generation_that_is_not_whole_cannot_be_named(
    generations: LiveGenerations, registry: MemoryRegistry, loads: Loads
) -> None:
    registry.create(a_generation("g-1"))
    with pytest.raises(InvalidRequest, match="building"):
        generations.prepare(GenerationId("g-1"))
    with pytest.raises(NotFound):
        generations.prepare(GenerationId("g-9"))
    assert loads.made == []


def test_what_is_served_goes_on_while_the_next_one_loads(
    generations: LiveGenerations, registry: MemoryRegistry, loads: Loads
) -> None:
    publish(registry, loads, "g-1")
    generations.refresh()
    publish(registry, loads, "g-2")
    loads.go_on.clear()
    loading = threading.Thread(target=generations.refresh)
    loading.start()
    try:
        assert served(generations) == "g-1"
    finally:
        loads.go_on.set()
        loading.join()
    assert served(generations) == "g-2"


def test_tuned_search_parameters_are_served_without_loading_the_towers_again(
    registry: MemoryRegistry, loads: Loads
) -> None:
    reopen = reopener(loads.indexes)
    generations = LiveGenerations(registry, loads, reopen, allow_choice=False)
    publish(registry, loads, "g-1")
    generations.refresh()
    with generations.lease() as held:
        registry.keep_index_spec(GenerationId("g-1"), specs.to_dict(specs.Flat(partitions=4)))
        assert generations.refresh()
        assert not generations.refresh()
        with generations.lease() as live:
            assert live.max_k == specs.Flat(partitions=4).deepest > held.max_k
            assert live.encoder is held.encoder
        assert held.generation.index_spec == specs.to_dict(specs.Flat())
    assert loads.made == ["g-1"]
