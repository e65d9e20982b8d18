"""A lease is kept by a thread of its own: what a builder does meanwhile may take as long as it takes."""

import threading
import time
from collections.abc import Callable

import pytest

from multigrain.errors import StoreUnavailable, WrongState
from multigrain.registry.memory import MemoryRegistry
from multigrain.registry.steps import LEASE_MS
from multigrain.types import GenerationId
from tests.contract.test_registry import a_generation
from trainer.publish.lease import leased

G1 = GenerationId("g-1")
EVERY = 0.01
PATIENCE = 10.0


class Watched(MemoryRegistry):
    """Counts the renewals, and refuses as many as it is told to."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: self.now_ms)
        self.now_ms = 0
        self.renewals = 0
        self.away = 0

    def renew_lease(self, generation_id: GenerationId) -> None:
        self.renewals += 1
        self.now_ms += LEASE_MS - 1
        if self.renewals <= self.away:
            raise StoreUnavailable("the store is away")
        super().renew_lease(generation_id)


@pytest.fixture
def registry() -> Watched:
    watched = Watched()
    watched.create(a_generation("g-1"))
    return watched


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(EVERY)


def test_a_call_that_outlives_many_leases_loses_none(registry: Watched) -> None:
    with leased(registry, G1, every_seconds=EVERY) as lease:
        until(lambda: registry.renewals > 5)
        lease.check()
    assert registry.give_up_abandoned() == []


def test_a_builder_that_was_given_up_is_told(registry: Watched) -> None:
    registry.now_ms += LEASE_MS + 1
    given_up = registry.give_up_abandoned()
    assert [one.generation_id for one in given_up] == [G1]
    with leased(registry, G1, every_seconds=EVERY) as lease:
        until(lambda: registry.renewals > 0)
        with pytest.raises(WrongState, match="must stop"):
            until(lambda: lease.check() is not None)


def test_a_store_that_is_away_for_a_while_costs_no_lease(registry: Watched, caplog: pytest.LogCaptureFixture) -> None:
    registry.away = 1
    with leased(registry, G1, every_seconds=EVERY) as lease:
        until(lambda: registry.renewals > 2)
        lease.check()
    assert "the lease could not be renewed" in caplog.text


def test_nothing_is_renewed_once_the_block_has_ended(registry: Watched) -> None:
    with pytest.raises(KeyError), leased(registry, G1, every_seconds=EVERY):
        raise KeyError
    renewals = registry.renewals
    time.sleep(10 * EVERY)
    assert registry.renewals == renewals
    assert "lease" not in {thread.name for thread in threading.enumerate()}
