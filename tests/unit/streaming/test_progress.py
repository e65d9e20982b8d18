"""What metrics say of a committed batch."""

from prometheus_client import REGISTRY

from streaming.handlers.handler import Incoming
from streaming.progress import show_ages
from tests.builders import NOON_MS, a_click
from tests.unit.streaming.records import a_record

AGES = "multigrain_stream_age_seconds"


def seen(bucket: str) -> float:
    return REGISTRY.get_sample_value(f"{AGES}_bucket", {"kind": "Clicked", "le": bucket}) or 0.0


def test_each_event_counts_with_its_age_and_one_from_the_future_as_fresh() -> None:
    before = {bucket: seen(bucket) for bucket in ("0.01", "30.0", "60.0")}

    show_ages([Incoming(a_record(), a_click(minutes_ago=ago)) for ago in (0.5, 1, -1)], NOON_MS)

    assert {bucket: seen(bucket) - count for bucket, count in before.items()} == {"0.01": 1, "30.0": 2, "60.0": 3}
