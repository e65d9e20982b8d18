"""Topics for tests and for `up`. The client is imported where it is used: a run without Kafka need not wait for it."""

from collections.abc import Mapping


def create_topics(bootstrap: str, partitions: Mapping[str, int], settings: Mapping[str, str] | None = None) -> None:
    """Creates each topic with its number of partitions; returns when every one has a leader and can be written."""
    from kafka import KafkaAdminClient
    from kafka.admin import NewTopic

    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.create_topics(
            [NewTopic(name, count, 1, topic_configs=dict(settings or {})) for name, count in partitions.items()]
        )
        admin.wait_for_topics(list(partitions))
    finally:
        admin.close()


def ensure_topics(bootstrap: str, partitions: Mapping[str, int]) -> None:
    """Creates those that are not there."""
    from kafka import KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        there = set(admin.list_topics())
    finally:
        admin.close()
    missing = {name: count for name, count in partitions.items() if name not in there}
    if missing:
        create_topics(bootstrap, missing)


def delete_topics(bootstrap: str, prefix: str) -> None:
    from kafka import KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        names = [name for name in admin.list_topics() if name.startswith(prefix)]
        if names:
            admin.delete_topics(names)
    finally:
        admin.close()
