"""Dead letters read back from their topics, up to where these end now. Belongs to no group and moves nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from multigrain.errors import LogUnavailable
from streaming.broker import BOOTSTRAP_SECONDS, kafka_at, open_client, require_topics
from streaming.dead_letters.kept import DEAD_HEADERS, KeptLetter
from streaming.source import Partition

ANSWER_MS = 10_000
SILENT_POLLS_MAX = 30
"""So many seconds without a record before the end, and the broker is thought to be gone."""


class DeadTopics:
    """The dead topics of one broker. Close it."""

    def __init__(self, bootstrap: str, topics: Sequence[str], *, bootstrap_seconds: float = BOOTSTRAP_SECONDS) -> None:
        self._bootstrap = bootstrap
        require_topics(bootstrap, topics, bootstrap_seconds=bootstrap_seconds)
        self._consumer = open_client(
            KafkaConsumer, bootstrap, bootstrap_seconds=bootstrap_seconds, enable_auto_commit=False
        )
        with kafka_at(bootstrap, doing="looking up the dead topics"):
            self.partitions = [
                TopicPartition(topic, number)
                for topic in topics
                for number in sorted(self._consumer.partitions_for_topic(topic))
            ]
            self._first = self._consumer.beginning_offsets(self.partitions, timeout_ms=ANSWER_MS)
            self._end = self._consumer.end_offsets(self.partitions, timeout_ms=ANSWER_MS)

    def newest(self, limit: int) -> list[KeptLetter]:
        """At most so many, oldest first."""
        found = [one for tp in self.partitions for one in self._read(tp, self._end[tp] - limit)]
        return sorted(found, key=lambda letter: letter.kept_ms or 0)[-limit:]

    def since(self, positions: Mapping[TopicPartition, int]) -> Iterator[KeptLetter]:
        """Those that lie at or behind these positions, by partition and in order; all of a partition not named."""
        for tp in self.partitions:
            yield from self._read(tp, positions.get(tp, 0))

    def close(self) -> None:
        self._consumer.close(autocommit=False)

    def _read(self, tp: TopicPartition, position: int) -> Iterator[KeptLetter]:
        position, end, silent = max(position, self._first[tp]), self._end[tp], 0
        with kafka_at(self._bootstrap, doing=f"reading {tp.topic}"):
            self._consumer.assign([tp])
            self._consumer.seek(tp, position)
        while position < end:
            with kafka_at(self._bootstrap, doing=f"reading {tp.topic}"):
                found = self._consumer.poll(timeout_ms=1000).get(tp, [])
                position = self._consumer.position(tp, timeout_ms=ANSWER_MS) or position
            yield from (_kept(raw) for raw in found if raw.offset < end)
            silent = 0 if found else silent + 1
            if silent >= SILENT_POLLS_MAX:
                raise LogUnavailable(
                    f"Kafka at {self._bootstrap} gives no more of {tp.topic}[{tp.partition}], which ends at {end:,}: "
                    f"see that the broker runs"
                )


def _kept(raw: Any) -> KeptLetter:  # Any: kafka-python ships no types
    told = {name: (value or b"").decode("utf-8", "replace") for name, value in raw.headers}
    whole = told.get("dead-value-bytes")
    return KeptLetter(
        lies=Partition(raw.topic, raw.partition),
        lies_at=raw.offset,
        kept_ms=raw.timestamp,
        stood=Partition(told.get("dead-topic", ""), int(told.get("dead-partition", 0))),
        stood_at=int(told.get("dead-position", 0)),
        field=told.get("dead-field", ""),
        reason=told.get("dead-reason", ""),
        key=raw.key,
        value=raw.value,
        headers=tuple((name, value or b"") for name, value in raw.headers if name not in DEAD_HEADERS),
        whole_bytes=int(whole) if whole else None,
    )
