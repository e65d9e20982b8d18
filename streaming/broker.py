"""What reading and writing Kafka have in common: its errors become ours, and topics are looked for at the start."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from kafka.errors import KafkaError

from multigrain.errors import LogUnavailable

BOOTSTRAP_SECONDS = 10.0


@contextmanager
def kafka_at(bootstrap: str, *, doing: str) -> Iterator[None]:
    """Whatever goes wrong inside is LogUnavailable, with the address, what was being done, and a cure."""
    try:
        yield
    except KafkaError as error:
        raise LogUnavailable(
            f"Kafka at {bootstrap} failed while {doing} ({error}): "
            f"see that the broker runs and that kafka.bootstrap is its address"
        ) from error


def require_topics(bootstrap: str, wanted: Collection[str], present: Collection[str]) -> None:
    """A missing topic is said at the start, not when the first record is due: brokers rarely make topics themselves."""
    missing = sorted(set(wanted) - set(present))
    if missing:
        raise LogUnavailable(
            f"Kafka at {bootstrap} has no topic {', '.join(missing)}: create it, or mend kafka.*_topic"
        )
