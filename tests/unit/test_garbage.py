"""The collector passes over what a server keeps, and still finds what it lets go."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from multigrain.garbage import spare_what_stays
from multigrain.saved_towers import import_runtime

IMPORTED = 100_000
"""Fewer objects than TensorFlow brings, far more than a model."""


@pytest.fixture
def spared() -> Iterator[None]:
    import_runtime()
    spare_what_stays()
    yield
    gc.unfreeze()


class Model:
    """As a loaded one, it refers to itself: only the collector can let it go."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.usefixtures("spared")
def test_what_is_imported_is_not_looked_at_again() -> None:
    assert gc.get_freeze_count() > IMPORTED
    assert len(gc.get_objects()) < IMPORTED // 10


@pytest.mark.usefixtures("spared")
def test_a_model_that_came_later_is_let_go() -> None:
    model = Model()
    there = weakref.ref(model)
    del model
    assert there() is not None
    gc.collect()
    assert there() is None
