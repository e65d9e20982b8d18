"""Records from Kafka. Where to read on is told by `Start`, that is by SQL; what Kafka has stored is not believed.

Offsets are committed to Kafka only so that lag tools see us move.
"""

import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from multigrain.telemetry import LOG_FIELDS
from streaming.broker import BOOTSTRAP_SECONDS, kafka_at, require_topics
from streaming.source import Partition, Positions, Record, Start

log = logging.getLogger(__name__)

ROUND_SECONDS = 0.1
"""The longest single wait for the broker: a batch that fills is looked at this often."""


GOODBYE_SECONDS = 2.0


class Membership(NamedTuple):
    """Who we are in the group, and what it gave us. Whenever this changes, positions are asked for anew.

    kafka-python would tell a rebalance listener, too. But it stops fetching what it has announced as revoked, and does
    not start again when the announced rebalance then turns out not to be needed (seen in 3.0.12): so we have none.
    """

    generation: int
    member: str
    assigned: frozenset[TopicPartition]


class KafkaSource:
    """One member of a consumer group. Connects when made; what it reads is decided by the group."""

    def __init__(
        self,
        bootstrap: str,
        *,
        group: str,
        topics: Sequence[str],
        start: Start,
        also_required: Collection[str] = (),
        session_seconds: float = 15.0,
        bootstrap_seconds: float = BOOTSTRAP_SECONDS,
    ) -> None:
        """`also_required`: topics that must exist, too, e.g. those of the dead letters. `session_seconds`: how long
        the group waits for a silent member before others take its partitions; too low, and a slow batch looks dead.
        """
        self._bootstrap = bootstrap
        self._start = start
        self._taken_up_as: Membership | None = None
        self._next: dict[TopicPartition, int] = {}
        self._acknowledged: dict[TopicPartition, int] = {}
        self._paused = False
        with kafka_at(bootstrap, doing="connecting"):
            self._consumer = KafkaConsumer(
                bootstrap_servers=bootstrap,
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
                bootstrap_timeout_ms=int(bootstrap_seconds * 1000),
                session_timeout_ms=int(session_seconds * 1000),
                heartbeat_interval_ms=int(session_seconds * 1000 / 5),
            )
        try:
            self._consumer.subscribe(list(topics))
            with kafka_at(bootstrap, doing="looking up topics"):
                require_topics(bootstrap, {*topics, *also_required}, self._consumer.topics())
        except BaseException:
            self.close()
            raise

    def poll(self, max_records: int, timeout_seconds: float) -> list[Record]:
        if self._paused:
            self._stay_alive(timeout_seconds)
            return []
        deadline = time.monotonic() + timeout_seconds
        taken: list[Record] = []
        while True:
            if self._taken_up_as != self._membership():
                # What was read of newly assigned partitions began where Kafka thought best; the rest is read again.
                taken.clear()
                self._take_up()
            wait = max(0.0, deadline - time.monotonic())
            taken.extend(self._read(max_records - len(taken), min(ROUND_SECONDS, wait)))
            if (wait == 0 or len(taken) >= max_records) and self._taken_up_as == self._membership():
                return taken

    def pause(self) -> None:
        self._paused = True
        self._consumer.pause(*self._consumer.assignment())

    def resume(self) -> None:
        self._paused = False
        self._consumer.resume(*self._consumer.paused())

    def rewind(self) -> None:
        self._taken_up_as = None

    def acknowledge(self, positions: Positions) -> None:
        self._acknowledged.update({_kafka(partition): at for partition, at in positions.items()})
        try:
            self._consumer.commit_async(self._offsets())
        except KafkaError as error:
            log.warning("lag tools were not told", extra={LOG_FIELDS: {"error": f"{type(error).__name__}: {error}"}})

    def lag(self) -> Positions:
        try:
            known = [(tp, at, self._consumer.highwater(tp)) for tp, at in self._held().items()]
        except KafkaError:  # revoked between the two calls
            return {}
        return {_ours(tp): max(0, end - at) for tp, at, end in known if end is not None}

    def at_end(self) -> bool:
        with kafka_at(self._bootstrap, doing="looking for the end of the topics"):
            held = list(self._held())
            if not held or self._taken_up_as != self._membership():
                return False
            ends = self._consumer.end_offsets(held)
            return all(self._consumer.position(tp) >= ends[tp] for tp in held)

    def close(self) -> None:
        # What was told last may still be on its way. If the group will not hear it, nothing is lost.
        if offsets := self._offsets():
            with suppress(KafkaError):
                self._consumer.commit(offsets, timeout_ms=int(GOODBYE_SECONDS * 1000))
        with kafka_at(self._bootstrap, doing="leaving the group"):
            self._consumer.close(autocommit=False)

    def _offsets(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """What was acknowledged of the partitions that are still ours."""
        return {tp: OffsetAndMetadata(at, "", -1) for tp, at in self._acknowledged.items() if tp in self._held()}

    def _read(self, max_records: int, wait_seconds: float) -> list[Record]:
        with kafka_at(self._bootstrap, doing="reading"):
            found = self._consumer.poll(timeout_ms=int(wait_seconds * 1000), max_records=max_records)
        for tp, raws in found.items():
            self._next[tp] = raws[-1].offset + 1
        return [_record(raw) for raws in found.values() for raw in raws]

    def _stay_alive(self, timeout_seconds: float) -> None:
        if self._read(1, timeout_seconds):
            # Partitions assigned while we are paused are not paused.
            self.rewind()

    def _membership(self) -> Membership:
        group = self._consumer.group_metadata()
        return Membership(group.generation_id, group.member_id, frozenset(self._consumer.assignment()))

    def _take_up(self) -> None:
        """Goes to the stored positions of everything assigned. If they cannot be had, the next poll tries again."""
        self._taken_up_as = None
        self._next = {}
        membership = self._membership()
        assigned = membership.assigned
        stored = self._start([_ours(tp) for tp in assigned]) if assigned else {}
        with kafka_at(self._bootstrap, doing="going to the stored positions"):
            for tp in assigned:
                self._go_to(tp, stored.get(_ours(tp)))
        self._taken_up_as = membership

    def _go_to(self, tp: TopicPartition, position: int | None) -> None:
        if position is None:
            self._consumer.seek_to_beginning(tp)
            self._next[tp] = self._consumer.position(tp)
        else:
            self._consumer.seek(tp, position)
            self._next[tp] = position

    def _held(self) -> dict[TopicPartition, int]:
        assigned = self._consumer.assignment()
        return {tp: at for tp, at in self._next.items() if tp in assigned}


def _record(raw: Any) -> Record:  # Any: kafka-python ships no types
    headers = tuple((name, value or b"") for name, value in raw.headers)
    return Record(
        partition=Partition(raw.topic, raw.partition),
        position=raw.offset,
        key=raw.key,
        value=raw.value,
        headers=headers,
    )


def _ours(tp: TopicPartition) -> Partition:
    return Partition(tp.topic, tp.partition)


def _kafka(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)
