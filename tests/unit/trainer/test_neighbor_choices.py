"""What of the logs becomes a choice: against the definition, over random logs with robots and strange items."""

import json
import tempfile
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from multigrain import neighbors
from multigrain.features.windows import HOUR_MS
from multigrain.types import Action
from tests.unit.trainer.random_logs import CONFIG, START_MS, Told, logs, robots, tell
from trainer.configs.config import NeighborsConfig
from trainer.data.logs import write_logs
from trainer.data.neighbors.build import COUNTS, TABLE, write_neighbors
from trainer.data.neighbors.choices import read_choices
from trainer.progress import silent

WEIGHTS = {"click": 1.0, "collect": 1.5, "cart": 2.0, "order": 3.0}
Row = tuple[str, int, str, float]


def expected(told: Told, per_user: int, before_ms: int) -> list[Row]:
    """(user, when last, item, weight), in order of user, time and item."""
    past = told.before(before_ms)
    chosen: dict[tuple[str, str], tuple[int, float]] = {}
    for event in past.events:
        if event["user_id"] not in robots(past):
            at_ms, weight = chosen.get((event["user_id"], event["item_id"]), (0, 0.0))
            here = max(at_ms, event["at_ms"]), max(weight, WEIGHTS[event["action"]])
            chosen[event["user_id"], event["item_id"]] = here
    found: list[Row] = []
    for user in sorted({user for user, _ in chosen}):
        mine = [(-at_ms, item, weight) for (owner, item), (at_ms, weight) in chosen.items() if owner == user]
        found += sorted((user, -at_ms, item, weight) for at_ms, item, weight in sorted(mine)[:per_user])
    return found


@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(logs, st.integers(2, 6), st.integers(0, 10))
def test_choices_are_the_newest_of_people_before_the_end_of_training(told: Told, per_user: int, days: int) -> None:
    before_ms = START_MS + days * 24 * HOUR_MS
    with tempfile.TemporaryDirectory() as name:
        write_logs(Path(name) / "logs", told.tables())
        config = NeighborsConfig(per_user=per_user)
        found = read_choices(Path(name) / "logs", Path(name) / "scratch", config, CONFIG.robots, before_ms=before_ms)
        assert not (Path(name) / "scratch").exists()
    users = sorted({user for user, *_ in expected(told, per_user, before_ms)})
    rows = [
        (users[user], at_ms, found.item_ids[item].decode(), weight)
        for user, at_ms, item, weight in zip(
            found.users.tolist(), found.at_ms.tolist(), found.items.tolist(), found.weights.tolist(), strict=True
        )
    ]
    assert rows == expected(told, per_user, before_ms)


def made_from(told: Told, folder: Path, *, before_ms: int) -> Path:
    write_logs(folder / "logs", told.tables())
    (folder / "made").mkdir()
    write_neighbors(
        folder / "logs",
        folder / "made",
        NeighborsConfig(),
        CONFIG.robots,
        before_ms=before_ms,
        reporter=silent,
        clock=lambda: 0.0,
    )
    return folder / "made"


def test_nothing_at_or_after_the_end_of_training_changes_the_table(tmp_path: Path) -> None:
    end = 50 * HOUR_MS
    before = [
        ("a", 0, "sku-0", Action.CLICK, 0),
        ("a", 1, "sku-1", Action.ORDER, 0),
        ("b", 2, "sku-0", Action.CLICK, 0),
        ("b", end - 1, "sku-2", Action.CLICK, 0),
    ]
    after = [("a", end, "sku-2", Action.CLICK, 0), ("b", end + 1, "sku-1", Action.ORDER, 0)]
    search = [("a", 0, "red dress")]
    # A robot only by what came later: it is a person as far as training can know.
    eager = [("b", end, f"sku-{item}", Action.CLICK, 0) for item in range(6)]
    made = [
        made_from(tell(search, actions), tmp_path / name, before_ms=START_MS + end)
        for name, actions in (("early", before), ("whole", [*before, *after, *eager]))
    ]
    early, whole = ({file.name: file.read_bytes() for file in (folder / TABLE).iterdir()} for folder in made)
    assert early == whole
    assert neighbors.load(made[1] / TABLE).ids_of(neighbors.load(made[1] / TABLE).neighbors.astype(int)) == [
        "sku-1",
        "sku-2",
        "sku-0",
        "sku-0",
    ]
    assert json.loads((made[1] / COUNTS).read_text()) == {
        "users": 2,
        "choices": 4,
        "pairs": 4,
        "items": 3,
        "entries": 4,
        "before_ms": START_MS + end,
    }
