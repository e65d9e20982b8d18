"""What reading and writing Kafka have in common: its errors become ours, and clients that fail leave nothing behind."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from multigrain.errors import LogUnavailable

BOOTSTRAP_SECONDS = 10.0
RECONNECT_SECONDS = 1.0
"""The longest pause between two tries of the client to reach a broker; its own default is half a minute. Shorter than
what we wait for an answer, or a broker that is back would look as if it were away.
"""

RETRY_SECONDS = 0.2

Client = TypeVar("Client")
Answer = TypeVar("Answer")


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


def retried(ask: Callable[[], Answer]) -> Answer:
    """What `ask` returns, asked again for BOOTSTRAP_SECONDS while the broker says that it will not be for long: one
    that has only just started, or has lost another, does.
    """
    deadline = time.monotonic() + BOOTSTRAP_SECONDS
    while True:
        try:
            return ask()
        except KafkaError as error:
            if not error.retriable or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)


def open_client(kind: Callable[..., Client], bootstrap: str, *, bootstrap_seconds: float, **configs: Any) -> Client:
    """A consumer, producer or admin client. Raises LogUnavailable if the broker does not answer.

    kafka-python starts a thread before it looks for the broker, and leaves it running when it finds none: whoever
    tries again and again would gather them. `configs`: kafka-python's own.
    """
    opened: list[KafkaNetClient] = []

    def open_net(**net_configs: Any) -> KafkaNetClient:  # Any: as above
        opened.append(KafkaNetClient(**net_configs))
        return opened[-1]

    try:
        with kafka_at(bootstrap, doing="connecting"):
            return kind(
                bootstrap_servers=bootstrap,
                bootstrap_timeout_ms=int(bootstrap_seconds * 1000),
                reconnect_backoff_max_ms=int(RECONNECT_SECONDS * 1000),
                kafka_client=open_net,
                **configs,
            )
    except BaseException:
        for net in opened:
            net.close()
        raise


def require_topics(bootstrap: str, wanted: Collection[str], *, bootstrap_seconds: float) -> None:
    """A missing topic is said at the start, not when the first record is due: brokers rarely make topics themselves."""
    admin = open_client(KafkaAdminClient, bootstrap, bootstrap_seconds=bootstrap_seconds)
    try:
        with kafka_at(bootstrap, doing="looking up topics"):
            missing = sorted(set(wanted) - set(admin.list_topics()))
    finally:
        admin.close()
    if missing:
        raise LogUnavailable(
            f"Kafka at {bootstrap} has no topic {', '.join(missing)}: create it, or mend kafka.*_topic"
        )
