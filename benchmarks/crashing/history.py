"""Records to be sent: a shop's events, and what senders do to them: told twice, told late, told everywhere, spoilt.

What stays promised is what a broker promises: records of one key keep the order in which they are sent, unless a record
names its partition.
"""

import heapq
from collections.abc import Sequence
from random import Random

from benchmarks.crashing.bad_records import bad_record
from benchmarks.crashing.sent import Sent
from benchmarks.crashing.shop import Shop
from multigrain.events import Event, ItemPatched
from streaming.encode import encode_binary, encode_json

EVENTS_PER_USER = 12
NEAR, LATE = 10, 40
"""Records: how soon a near duplicate follows at the latest, and how long a late record is held back."""


def a_history(count: int, *, seed: int, partitions: int) -> Sequence[Sent]:
    """`count` records or a few more, duplicates and bad ones among them."""
    return _Telling(count, seed, partitions).tell()


def without_bad_records(history: Sequence[Sent]) -> Sequence[Sent]:
    """What is left when nobody may bury anything. A patch can come to be one: its item may be gone."""
    return [sent for sent in history if sent.event is not None and not isinstance(sent.event, ItemPatched)]


class _Telling:
    def __init__(self, count: int, seed: int, partitions: int) -> None:
        self._count = count
        self._partitions = partitions
        self._random = Random(seed)
        self._shop = Shop(seed, users=count // EVENTS_PER_USER)
        self._told: list[Sent] = []
        self._held_back: list[tuple[int, int, Sent]] = []

    def tell(self) -> Sequence[Sent]:
        while len(self._told) < self._count:
            for sent in self._next():
                self._send(sent)
        return [*self._told, *(sent for _, _, sent in sorted(self._held_back, key=lambda held: held[:2]))]

    def _next(self) -> list[Sent]:
        draw = self._random.random()
        if draw < 0.10 and self._told:
            return [self._again()]
        if draw < 0.12:
            return [bad_record(self._random.choice([self._shop.behavior(), *self._shop.item_events()]), self._random)]
        if draw < 0.13:
            return [self._record(self._shop.patch_of_nothing())]
        if draw < 0.17:
            return [self._replayed(event) for event in self._shop.wide_item_events()]
        if draw < 0.21:
            return [self._replayed(self._shop.wide_behavior())]
        if draw < 0.40:
            return [self._record(event) for event in self._shop.item_events()]
        return [self._record(self._shop.behavior())]

    def _again(self) -> Sent:
        """A record that was sent before, byte for byte: just now or long ago."""
        near = self._random.random() < 0.5
        sent = self._random.choice(self._told[-NEAR:] if near else self._told)
        return sent if sent.partition is None else self._replayed(sent.event)

    def _record(self, event: Event) -> Sent:
        encoded = (encode_json if self._random.random() < 0.2 else encode_binary)(event)
        return Sent(
            topic_kind=encoded.topic_kind, key=encoded.key, value=encoded.value, headers=encoded.headers, event=event
        )

    def _replayed(self, event: Event | None) -> Sent:
        """To any partition, as a second sender with another partitioner would."""
        assert event is not None  # bad records have no partition of their own
        encoded = encode_binary(event)
        return Sent(
            topic_kind=encoded.topic_kind,
            key=encoded.key if self._random.random() < 0.5 else None,
            value=encoded.value,
            headers=encoded.headers,
            event=event,
            partition=self._random.randrange(self._partitions),
        )

    def _send(self, sent: Sent) -> None:
        now = len(self._told)
        if self._random.random() < 0.05:
            due = now + self._random.randrange(LATE)
            heapq.heappush(self._held_back, (due, self._random.getrandbits(60), sent))
        else:
            self._told.append(sent)
        while self._held_back and self._held_back[0][0] <= len(self._told):
            self._told.append(heapq.heappop(self._held_back)[2])
