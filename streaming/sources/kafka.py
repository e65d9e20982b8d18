"""Records from Kafka. Where to read on is told by `Start`, that is by SQL; what Kafka has stored is not believed.

Offsets are committed to Kafka only so that lag tools see us move.
"""

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError

from multigrain.telemetry import LOG_FIELDS, STREAM_STALLS, STREAM_TAKEN_UP
from streaming.broker import BOOTSTRAP_SECONDS
from streaming.lost_records import WhenLost, find_lost, stop
from streaming.source import Partition, Positions, Record, Start
from streaming.sources.kafka_member import Extent, KafkaMember, Membership, offsets
from streaming.watchdog import PartitionStalled, Remedy, Sight, Watchdog

log = logging.getLogger(__name__)

ROUND_SECONDS = 0.1
"""The longest single wait for the broker: a batch that fills is looked at this often."""
LOOK_SECONDS = 5.0
"""The broker is asked where its partitions end after this much waiting for records, not with every poll."""
LOOKS_PER_STALL = 4


class KafkaSource:
    """One member of a consumer group, connected by the first poll; what it reads is decided by the group.

    A broker that is away and a topic that is missing are LogUnavailable, at the start as well as later: the next poll
    tries again.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        group: str,
        topics: Sequence[str],
        start: Start,
        also_required: Collection[str] = (),
        when_lost: WhenLost = stop,
        stall_seconds: float = 30.0,
        session_seconds: float = 15.0,
        bootstrap_seconds: float = BOOTSTRAP_SECONDS,
    ) -> None:
        """`also_required`: topics that must exist, too, e.g. those of the dead letters. `session_seconds`: how long
        the group waits for a silent member before others take its partitions; too low, and a slow batch looks dead.
        """
        self._bootstrap = bootstrap
        self._group = group
        self._topics = topics
        self._also_required = also_required
        self._start = start
        self._when_lost = when_lost
        self._session_seconds = session_seconds
        self._bootstrap_seconds = bootstrap_seconds
        self._watchdog = Watchdog(stall_seconds, group_seconds=max(stall_seconds, 2 * session_seconds))
        self._look_seconds = min(LOOK_SECONDS, stall_seconds / LOOKS_PER_STALL)
        self._waited_seconds = 0.0
        self._member: KafkaMember | None = None
        self._paused = False
        self._taken_up_as: Membership | None = None
        self._next: dict[TopicPartition, int] = {}
        self._stored: dict[TopicPartition, int] = {}
        self._acknowledged: dict[TopicPartition, int] = {}

    def poll(self, max_records: int, timeout_seconds: float, *, ahead: bool = False) -> list[Record]:
        try:
            if self._paused:
                self._stay_alive(timeout_seconds)
                return []
            self._watch()
            return self._fill(self._joined(), max_records, timeout_seconds, ahead=ahead)
        except BaseException:
            # Some may have been read before it failed: they would be passed over.
            self.rewind()
            raise

    def pause(self) -> None:
        self._paused = True
        if self._member is not None:
            self._member.pause()

    def resume(self) -> None:
        self._paused = False
        if self._member is not None:
            self._member.resume()

    def rewind(self) -> None:
        self._taken_up_as, self._next, self._stored = None, {}, {}

    def acknowledge(self, positions: Positions) -> None:
        self._acknowledged.update({_kafka(partition): at for partition, at in positions.items()})
        try:
            if self._member is not None:
                self._member.client.commit_async(offsets(self._acknowledged_of(self._member)))
        except KafkaError as error:
            log.warning("lag tools were not told", extra={LOG_FIELDS: {"error": f"{type(error).__name__}: {error}"}})

    def lag(self) -> Positions:
        if self._member is None:
            return {}
        known = [(tp, at, self._member.highwater(tp)) for tp, at in self._held(self._member).items()]
        return {_ours(tp): max(0, end - self._acknowledged.get(tp, at)) for tp, at, end in known if end is not None}

    def at_end(self) -> bool:
        member = self._joined()
        held = self._held(member)
        if not held or self._taken_up_as != member.membership:
            return False
        ends = member.ends(held)
        return all(member.position(tp) >= ends[tp] for tp in held)

    def close(self) -> None:
        if self._member is not None:
            member, self._member = self._member, None
            member.leave(self._acknowledged_of(member))
        self.rewind()

    # Reading

    def _joined(self) -> KafkaMember:
        if self._member is None:
            self._member = KafkaMember(
                self._bootstrap,
                group=self._group,
                topics=self._topics,
                also_required=self._also_required,
                session_seconds=self._session_seconds,
                bootstrap_seconds=self._bootstrap_seconds,
            )
        return self._member

    def _fill(self, member: KafkaMember, max_records: int, timeout_seconds: float, *, ahead: bool) -> list[Record]:
        began, before = time.monotonic(), dict(self._next)
        taken: list[Record] = []
        while True:
            if self._taken_up_as != member.membership:
                if ahead:
                    self._next = before
                    return []
                stayed = self._take_up(member)
                # What was read of the others began where Kafka thought best, or belongs to another member now.
                taken = [record for record in taken if _kafka(record.partition) in stayed]
            wait = max(0.0, began + timeout_seconds - time.monotonic())
            if len(taken) < max_records:
                taken.extend(self._read(member, max_records - len(taken), min(ROUND_SECONDS, wait)))
            if (wait == 0 or len(taken) >= max_records) and self._taken_up_as == member.membership:
                break
        if len(taken) < max_records:
            self._waited_seconds += time.monotonic() - began
        # Their taker records them before the next poll, or asks for a rewind.
        self._stored.update({_kafka(record.partition): record.position + 1 for record in taken})
        return taken

    def _read(self, member: KafkaMember, max_records: int, wait_seconds: float) -> list[Record]:
        found = member.read(max_records, wait_seconds)
        self._next.update({tp: raws[-1].offset + 1 for tp, raws in found.items()})
        return [record for tp, raws in found.items() for record in _records(_ours(tp), raws)]

    def _stay_alive(self, timeout_seconds: float) -> None:
        if self._member is None:
            time.sleep(timeout_seconds)
        elif self._read(self._member, 1, timeout_seconds):
            # Partitions assigned while we are paused are not paused.
            self.rewind()

    # Positions

    def _take_up(self, member: KafkaMember) -> frozenset[TopicPartition]:
        """Goes to the stored positions of what the group has given us; returns what stays as it was.

        A partition stays if we read it before and SQL stands where we have left it: nobody else can have taken
        records of it. It is read on from where reading has come to, which is told to the client again: a client that
        has lost its membership and found it again has forgotten.
        """
        known, self._taken_up_as = self._next if self._taken_up_as else {}, None
        membership = member.membership
        stored = self._ask_start(membership.assigned)
        stayed = frozenset(tp for tp in membership.assigned if tp in known and stored.get(tp) == self._stored.get(tp))
        extents = member.extents(membership.assigned - stayed)
        if self._tell_lost(extents, stored):
            stored = self._ask_start(membership.assigned)
        # A partition that was never read begins with the oldest record that there is.
        given = {tp: max(has.first, stored.get(tp, 0)) for tp, has in extents.items()}
        self._stored, self._next = stored, {**{tp: known[tp] for tp in stayed}, **given}
        self._acknowledged = {tp: at for tp, at in self._acknowledged.items() if tp in stayed}
        for tp, position in self._next.items():
            member.go_to(tp, position)
        for tp in given:
            STREAM_TAKEN_UP.labels(tp.topic).inc()
        self._taken_up_as = membership
        return stayed

    def _ask_start(self, assigned: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """For all that is assigned: whoever is asked forgets the others."""
        stored = self._start([_ours(tp) for tp in assigned]) if assigned else {}
        return {_kafka(partition): at for partition, at in stored.items()}

    def _tell_lost(self, extents: Mapping[TopicPartition, Extent], stored: Mapping[TopicPartition, int]) -> bool:
        found = [find_lost(_ours(tp), stored.get(tp), first=has.first, end=has.end) for tp, has in extents.items()]
        lost = [one for one in found if one]
        for one in lost:
            self._when_lost(one)
        return bool(lost)

    def _held(self, member: KafkaMember) -> dict[TopicPartition, int]:
        assigned = member.membership.assigned
        return {tp: at for tp, at in self._next.items() if tp in assigned}

    def _acknowledged_of(self, member: KafkaMember) -> dict[TopicPartition, int]:
        """Of the partitions that are still ours."""
        held = self._held(member)
        return {tp: at for tp, at in self._acknowledged.items() if tp in held}

    # Stalls

    def _watch(self) -> None:
        """Now and then: is the broker there, does the group know us, and does every partition move?"""
        if self._member is None or self._waited_seconds < self._look_seconds:
            return
        member, held = self._member, self._held(self._member)
        ends = member.ends(held)
        sights = {_ours(tp): Sight(max(at, member.position(tp)), ends[tp]) for tp, at in held.items()}
        waited, self._waited_seconds = self._waited_seconds, 0.0
        if stall := self._watchdog.look(sights, waited):
            self._cure(stall.remedy, stall.partition.topic, str(stall))
        if self._watchdog.look_at_group(member.settled, waited):
            self._cure(Remedy.REJOIN, "", f"group {self._group} has not said for long what is ours")

    def _cure(self, remedy: Remedy, topic: str, what: str) -> None:
        STREAM_STALLS.labels(topic, remedy.name.lower()).inc()
        log.warning("the stream stands still", extra={LOG_FIELDS: {"what": what, "remedy": remedy.name.lower()}})
        if remedy is Remedy.END:
            raise PartitionStalled(f"{what}; neither a rewind nor a new client has helped: start this program again")
        if remedy is Remedy.REJOIN:
            self.close()
        self.rewind()


def _records(partition: Partition, raws: Sequence[Any]) -> Iterator[Record]:  # Any: kafka-python ships no types
    for raw in raws:
        headers = tuple([(name, value or b"") for name, value in raw.headers])
        yield Record(partition=partition, position=raw.offset, key=raw.key, value=raw.value, headers=headers)


def _ours(tp: TopicPartition) -> Partition:
    return Partition(tp.topic, tp.partition)


def _kafka(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)
