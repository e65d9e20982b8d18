"""A user clicks; the next answer knows it. Measured from the event's publication to the answer that used it."""

import time

from commands.demonstration.scenes.scene import Figures, Stage
from commands.demonstration.shop import now_ms
from multigrain.answers import Answer
from multigrain.errors import Unavailable
from multigrain.events import Clicked
from multigrain.figures import Figure
from multigrain.types import Item, ItemId, UserId

VISITOR = UserId("visitor-1")
CLICKS = 5
SHOWN = 6
COUNTED = 20
DEPTH = 200
PATIENCE_SECONDS = 10.0
EVERY_SECONDS = 0.01


def play(stage: Stage) -> Figures:
    """A visitor nobody knows yet clicks on items of the second fan's brand."""
    cast, user, brand = stage.cast, VISITOR, stage.cast.second.brand
    before = stage.client.retrieve(cast.query, user, limit=DEPTH)
    chosen = [item for item in _items(stage, before) if item.brand == brand][:CLICKS]
    milliseconds = [_click(stage, item) for item in chosen]
    after = stage.client.retrieve(cast.query, user, limit=DEPTH)
    stage.output.table(
        f"2. The same query after {user} clicks {len(chosen)} items of {brand}",
        ("rank>", "before", "after"),
        [
            (rank, _line(a, brand), _line(b, brand))
            for rank, (a, b) in enumerate(
                zip(_items(stage, before)[:SHOWN], _items(stage, after)[:SHOWN], strict=False), 1
            )
        ],
    )
    first = [sum(item.brand == brand for item in _items(stage, answer)[:COUNTED]) for answer in (before, after)]
    middle, worst = sorted(milliseconds)[len(milliseconds) // 2], max(milliseconds)
    stage.output.say(
        f"   {brand} in the first {COUNTED}: {first[0]} before, {first[1]} after\n"
        f"   click published -> used in an answer: {middle:.0f} ms "
        f"(median of {len(milliseconds)}, longest {worst:.0f})\n"
    )
    return [
        Figure.of("click published to used in an answer", milliseconds, "ms"),
        Figure(name=f"clicked brand in the first {COUNTED}, before", value=first[0], unit="items"),
        Figure(name=f"clicked brand in the first {COUNTED}, after", value=first[1], unit="items"),
    ]


def _click(stage: Stage, item: Item) -> float:
    """Publishes a click and asks until an answer used it; returns how many milliseconds that took."""
    at_ms, user = now_ms(), VISITOR
    clicked = Clicked(event_id=f"demo-click-{at_ms}", at_ms=at_ms, user_id=user, item_id=ItemId(item.item_id))
    started = time.perf_counter()
    stage.shop.publish(clicked)
    while time.perf_counter() - started < PATIENCE_SECONDS:
        answer = stage.client.retrieve(stage.cast.query, user, limit=10)
        if answer.newest_behavior is not None and round(answer.newest_behavior.timestamp() * 1000) >= at_ms:
            return (time.perf_counter() - started) * 1000
        time.sleep(EVERY_SECONDS)
    raise Unavailable(f"the click on {item.item_id} was in no answer within {PATIENCE_SECONDS:g} s: see the log above")


def _items(stage: Stage, answer: Answer) -> list[Item]:
    known = stage.shop.catalogue.get([ItemId(item_id) for item_id in answer.item_ids])
    return [known[ItemId(item_id)].item for item_id in answer.item_ids]


def _line(item: Item, brand: str) -> str:
    return f"{'*' if item.brand == brand else ' '} {item.title}"
