"""One query, two users: the answers differ because their histories do."""

from commands.demonstration.casting import Fan
from commands.demonstration.scenes.scene import Figures, Stage
from multigrain.figures import Figure
from multigrain.types import Item

SHOWN = 8
COUNTED = 20


def play(stage: Stage) -> Figures:
    """Asks the same query for both fans and shows the answers side by side."""
    cast = stage.cast
    answers = {fan: _asked(stage, fan) for fan in (cast.first, cast.second)}
    left, right = answers.values()
    stage.output.table(
        f"1. One query, two users: {cast.query!r}",
        ("rank>", _headline(cast.first), _headline(cast.second)),
        [
            (rank, _line(a, cast.first), _line(b, cast.second))
            for rank, (a, b) in enumerate(zip(left[:SHOWN], right[:SHOWN], strict=False), 1)
        ],
    )
    figures: Figures = []
    for fan, items in answers.items():
        mine = sum(item.brand == fan.brand for item in items)
        other = next(answers[one] for one in answers if one != fan)
        theirs = sum(item.brand == fan.brand for item in other)
        stage.output.say(
            f"   {fan.brand}: {mine} of {fan.user_id}'s first {COUNTED}, {theirs} of the other user's; "
            f"{fan.on_brand} of {fan.user_id}'s {fan.clicks} clicks here were on it"
        )
        figures.append(
            Figure(name=f"own favourite brand in the first {COUNTED}, {fan.user_id}", value=mine, unit="items")
        )
        figures.append(Figure(name=f"the same brand for the other user, {fan.user_id}", value=theirs, unit="items"))
    shared = len({item.item_id for item in left} & {item.item_id for item in right})
    stage.output.say(f"   {shared} of the first {COUNTED} are the same for both\n")
    return [*figures, Figure(name=f"shared among the first {COUNTED}", value=shared, unit="items")]


def _asked(stage: Stage, fan: Fan) -> list[Item]:
    answer = stage.client.retrieve(stage.cast.query, fan.user_id, limit=COUNTED)
    return [stage.item(item_id) for item_id in answer.item_ids]


def _headline(fan: Fan) -> str:
    return f"{fan.user_id}, clicks {fan.brand}"


def _line(item: Item, fan: Fan) -> str:
    # A star and not a colour: the demo's output is read in logs, too.
    return f"{'*' if item.brand == fan.brand else ' '} {item.title}  {item.price:,.2f}"
