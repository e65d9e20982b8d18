"""How partitions are shared out among the members of a group: cooperatively, and by what each really holds."""

from collections.abc import Callable, Collection
from typing import Any

from kafka import TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor


class HeldPartitions(CooperativeStickyAssignor):  # type: ignore[misc]  # kafka-python ships no types
    """The cooperative sticky assignor, told the truth.

    kafka-python 3.0.12 claims what the member was last given, even after it has lost its membership. When such a member
    and one that has just started form a group together, the leader withholds from the one what the other seems to
    hold and does not: nobody reads those partitions until the next change of the group.
    """

    def __init__(self, held: Callable[[], Collection[TopicPartition]]) -> None:
        """`held`: the partitions assigned to this member now; asked whenever it joins."""
        super().__init__()
        self._held = held

    def metadata(self, topics: Collection[str]) -> Any:  # Any: kafka-python's own message
        self.member_assignment = list(self._held())
        return super().metadata(topics)
