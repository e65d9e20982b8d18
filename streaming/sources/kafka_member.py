"""One membership of a consumer group: how it begins, what it may see of the log, and how it ends."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, NoOffsetForPartitionError
from kafka.structs import MemberState, OffsetAndMetadata

from multigrain.errors import LogUnavailable
from streaming.broker import kafka_at, open_client, require_topics
from streaming.sources.kafka_assignor import HeldPartitions

ANSWER_SECONDS = 3.0
"""For the broker to answer a question. Longer, and a stop that comes meanwhile is late."""
GOODBYE_SECONDS = 2.0
FETCH_WAIT_MS = 50
"""For the broker to wait for records. It is asked only for partitions of which the client has nothing left, and for the
others not before it has answered: with kafka-python's 500, a busy partition waits that long behind an idle one.
"""


class Membership(NamedTuple):
    """Who we are in the group, and what it gave us. Whenever this changes, positions are asked for anew.

    kafka-python would tell a rebalance listener, too. But it stops fetching what it has announced as revoked, and does
    not start again when the announced rebalance then turns out not to be needed (seen in 3.0.12): so we have none.
    """

    generation: int
    member: str
    assigned: frozenset[TopicPartition]


class Extent(NamedTuple):
    """What the log has of a partition: its oldest record, and the place behind its newest."""

    first: int
    end: int


class KafkaMember:
    """A connected consumer that has subscribed. Every method may raise LogUnavailable."""

    def __init__(
        self,
        bootstrap: str,
        *,
        group: str,
        topics: Collection[str],
        also_required: Collection[str],
        session_seconds: float,
        bootstrap_seconds: float,
    ) -> None:
        self._bootstrap = bootstrap
        self._required = {*topics, *also_required}
        self._topics = sorted(topics)
        require_topics(bootstrap, self._required, bootstrap_seconds=bootstrap_seconds)
        self.client: KafkaConsumer = open_client(
            KafkaConsumer,
            bootstrap,
            bootstrap_seconds=bootstrap_seconds,
            group_id=group,
            enable_auto_commit=False,
            # A position outside of the log is an error for us to judge, and nothing to be passed over.
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            partition_assignment_strategy=[HeldPartitions(self._assigned)],
            session_timeout_ms=int(session_seconds * 1000),
            fetch_max_wait_ms=FETCH_WAIT_MS,
            heartbeat_interval_ms=int(session_seconds * 1000 / 5),
        )
        self.client.subscribe(self._topics)
        try:
            # Before the group is joined, that is by the first poll. kafka-python 3.0.12 joins again when it learns of
            # partitions afterwards, and forgets the second join if it takes longer than one poll: then it has no
            # partitions, and stays so.
            self.ends(())
        except BaseException:
            self.leave({})
            raise

    @property
    def membership(self) -> Membership:
        group = self.client.group_metadata()
        return Membership(group.generation_id, group.member_id, self._assigned())

    @property
    def settled(self) -> bool:
        """Whether the group and we agree on who has what."""
        return bool(self.client.group_metadata().state is MemberState.STABLE)

    def read(self, max_records: int, wait_seconds: float) -> Mapping[TopicPartition, list[Any]]:  # Any: no types there
        """Records, as kafka-python has them, from wherever the client stands.

        Nothing while partitions that were just given have no position.
        """
        with kafka_at(self._bootstrap, doing="reading"):
            try:
                found: Mapping[TopicPartition, list[Any]] = self.client.poll(
                    timeout_ms=_ms(wait_seconds), max_records=max_records
                )
            except NoOffsetForPartitionError:
                return {}
        return found

    def extents(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, Extent]:
        """What the log has of each, by the word of the broker."""
        if not partitions:
            return {}
        with kafka_at(self._bootstrap, doing="asking what the log has"):
            first = self.client.beginning_offsets(list(partitions), timeout_ms=_ms(ANSWER_SECONDS))
            end = self.client.end_offsets(list(partitions), timeout_ms=_ms(ANSWER_SECONDS))
        return {tp: Extent(first[tp], end[tp]) for tp in partitions}

    def ends(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Where the log ends. Asked of no partition, it still finds out whether broker and topics are there."""
        asked = partitions or [TopicPartition(topic, 0) for topic in self._topics]
        try:
            with kafka_at(self._bootstrap, doing="looking for the end of the topics"):
                ends: dict[TopicPartition, int] = self.client.end_offsets(list(asked), timeout_ms=_ms(ANSWER_SECONDS))
        except Exception:
            # A topic that was deleted looks like a slow broker: this says which of the two it is.
            require_topics(self._bootstrap, self._required, bootstrap_seconds=ANSWER_SECONDS)
            raise
        return ends

    def position(self, tp: TopicPartition) -> int:
        """The next record to be fetched; behind marks of transactions, which are no records."""
        with kafka_at(self._bootstrap, doing="looking up a position"), _still_ours(tp):
            return self.client.position(tp, timeout_ms=_ms(ANSWER_SECONDS)) or 0

    def highwater(self, tp: TopicPartition) -> int | None:
        """Behind the newest record, as far as the client has heard. None: it has heard nothing, or it is not ours."""
        with suppress(KafkaError, KeyError):
            known: int | None = self.client.highwater(tp)
            return known
        return None

    def go_to(self, tp: TopicPartition, position: int) -> None:
        with _still_ours(tp):
            self.client.seek(tp, position)
            self.client.resume(tp)

    def pause(self) -> None:
        """Until `resume`, `read` gives nothing of what is assigned now."""
        for tp in self._assigned():
            with suppress(KeyError):
                self.client.pause(tp)

    def resume(self) -> None:
        for tp in self.client.paused():
            with suppress(KeyError):
                self.client.resume(tp)

    def leave(self, acknowledged: Mapping[TopicPartition, int]) -> None:
        """Tells lag tools how far we came, and goes. If the group does not hear it, its session runs out."""
        with suppress(KafkaError):
            if acknowledged:
                self.client.commit(offsets(acknowledged), timeout_ms=_ms(GOODBYE_SECONDS))
        with suppress(KafkaError):
            self.client.close(autocommit=False, timeout_ms=_ms(GOODBYE_SECONDS))

    def _assigned(self) -> frozenset[TopicPartition]:
        return frozenset(self.client.assignment())


@contextmanager
def _still_ours(tp: TopicPartition) -> Iterator[None]:
    """What a partition cannot be asked any more is LogUnavailable: its place is looked up anew, with all others.

    kafka-python takes partitions away in a thread of its own, between any two of our calls: whenever a group has
    forgotten us, as it does while a broker is away.
    """
    try:
        yield
    except (KeyError, ValueError) as error:
        raise LogUnavailable(
            f"the group has taken {tp.topic}[{tp.partition}] away meanwhile: it is asked anew"
        ) from error


def offsets(positions: Mapping[TopicPartition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {tp: OffsetAndMetadata(at, "", -1) for tp, at in positions.items()}


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
