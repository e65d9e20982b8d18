"""Items that users chose together with what this user did lately. Knows no query: relevance control sees to that.

Item-to-item collaborative filtering, as shops have long had it; neither paper says how theirs works.
"""

import numpy as np

from multigrain.features.windows import Windows
from multigrain.types import Action, Float32s, ItemId
from server.channels.channel import Only, Question
from server.request import ChannelName
from server.result import Hits

RECENT_MAX = 50
"""Items that are asked for. What lies further back hardly weighs, and costs as much."""
WEIGHTS = {Action.CLICK: 1.0, Action.COLLECT: 1.5, Action.CART: 2.0, Action.ORDER: 2.0}
"""How much an action says of what is wanted next."""


class NeighboursChannel:
    """About a millisecond of arithmetic on arrays in memory: a thread would cost more than it frees."""

    name = ChannelName.NEIGHBOURS

    async def ask(self, question: Question, k: int, *, only: Only, seconds: float) -> Hits:
        """Neighbours of the user's recent items; none for a user without history or a bundle without neighbours.

        A recent item is a hit where it is a neighbour of another one: what somebody keeps coming back to is often what
        they are about to choose, and where it is not, the ranking behind us knows better. By itself it is none, for an
        item is no neighbour of its own.
        """
        item_ids, weights = recent_items(question.windows)
        return question.live.neighbours.around(item_ids, weights, question.columns, k)

    def close(self) -> None:
        """It has no threads."""


def recent_items(windows: Windows) -> tuple[list[ItemId], Float32s]:
    """At most RECENT_MAX different items, the newest first, and how much each counts: the weight of what was done with
    it last, over its place."""
    # From the oldest window to the newest, so that of one moment the last one is the newest.
    parts = [*windows.long.values(), windows.short, windows.realtime]
    item_ids = [item_id for part in parts for item_id in part.item_ids]
    actions = np.concatenate([part.actions for part in parts])
    at_ms = np.concatenate([part.at_ms for part in parts])
    newest: dict[str, int] = {}
    for position in np.argsort(at_ms, kind="stable")[::-1].tolist():
        newest.setdefault(item_ids[position], int(actions[position]))
        if len(newest) == RECENT_MAX:
            break
    weights = [WEIGHTS[Action(action)] / place for place, action in enumerate(newest.values(), start=1)]
    return [ItemId(item_id) for item_id in newest], np.array(weights, np.float32)
