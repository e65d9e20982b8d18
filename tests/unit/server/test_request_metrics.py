"""Which series a server has, and that they do not pile up."""

import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from multigrain import telemetry
from multigrain.index import specs
from multigrain.registry.memory import MemoryRegistry
from multigrain.types import GenerationId
from server.generations.live import LiveGenerations
from server.generations.loading import reopener
from tests.builders import NOON_MS
from tests.unit.server.test_live import Loads, publish

PAGE = Path(__file__).parents[3] / "docs/observability.md"


def requests_of(generation: str) -> float | None:
    """None: it has no series."""
    return REGISTRY.get_sample_value("multigrain_generation_requests_total", {"generation": generation})


def test_requests_are_counted_by_generation_and_a_dropped_one_has_no_series() -> None:
    registry, loads = MemoryRegistry(clock=lambda: NOON_MS), Loads()
    generations = LiveGenerations(registry, loads, allow_choice=False)
    publish(registry, loads, "g-old")
    generations.refresh()
    with generations.lease(), generations.lease() as held:
        publish(registry, loads, "g-next")
        generations.refresh()
        with generations.lease():
            pass
        assert held.generation.generation_id == "g-old"
        assert (requests_of("g-old"), requests_of("g-next")) == (2, 1)
    assert (requests_of("g-old"), requests_of("g-next")) == (None, 1)


def test_a_generation_that_is_opened_again_keeps_its_series() -> None:
    registry, loads = MemoryRegistry(clock=lambda: NOON_MS), Loads()
    generations = LiveGenerations(registry, loads, reopener(loads.indexes), allow_choice=False)
    publish(registry, loads, "g-tuned")
    generations.refresh()
    with generations.lease():
        registry.keep_index_spec(GenerationId("g-tuned"), specs.to_dict(specs.Flat(partitions=4)))
        assert generations.refresh()
    with generations.lease():
        pass
    assert requests_of("g-tuned") == 2


METRICS = {name: metric for name, metric in vars(telemetry).items() if isinstance(metric, MetricWrapperBase)}


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
def test_every_metric_stands_on_the_page_with_its_labels(metric: MetricWrapperBase) -> None:
    described = metric.describe()[0]
    assert described.documentation
    row = re.search(rf"^\| `{described.name}` \|([^|]*)\|", PAGE.read_text(), re.MULTILINE)
    assert row, f"{described.name} is not on docs/observability.md"
    assert [name for name in row[1].strip().split(", ") if name] == list(metric._labelnames)
