"""The description of some logs says what a slow count over their rows says."""

from collections import Counter
from pathlib import Path

import pytest

from multigrain.features.windows import WindowConfig
from trainer.configs.config import RobotsConfig
from trainer.data.logs import Logs, read_logs
from trainer.data.market.marketplace import Plan
from trainer.data.market.write import write_marketplace
from trainer.evaluation.describe import describe
from trainer.evaluation.truth import Truth

LIMITS = RobotsConfig()  # type: ignore[call-arg]  # pydantic fills defaults


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("described")
    write_marketplace(root, Plan(items=1500, users=900, days=4, seed=2), lambda done, total: None)
    return root


@pytest.fixture(scope="module")
def logs(folder: Path) -> Logs:
    return read_logs(folder)


@pytest.fixture(scope="module")
def figures(folder: Path, logs: Logs) -> dict[str, float]:
    truth = Truth.open(folder / "truth")
    sections = describe(folder, logs, truth, windows=WindowConfig(), robots=LIMITS)
    return {figure.name: figure.value for section in sections for figure in section.figures}


def test_click_through_by_rank_is_clicked_places_over_shown_places(figures: dict[str, float], logs: Logs) -> None:
    acted = {(row["search_id"], row["item_id"]) for row in logs.events.to_pylist() if row["search_id"]}
    shown, clicked = Counter[int](), Counter[int]()
    for search in logs.searches.to_pylist():
        for rank, item in enumerate(search["exposed_item_ids"], 1):
            shown[rank] += 1
            clicked[rank] += (search["search_id"], item) in acted
    for rank in shown:
        assert figures[f"rank {rank}"] == pytest.approx(clicked[rank] / shown[rank])
    assert figures["pages with a click"] == pytest.approx(len({search for search, _ in acted}) / len(logs.searches))


def test_a_repeat_is_a_click_on_what_the_user_had_clicked_before(figures: dict[str, float], logs: Logs) -> None:
    busy = busy_users(logs)
    seen: set[tuple[str, str]] = set()
    repeats = total = 0
    for row in logs.events.to_pylist():
        if row["action"] == "click" and row["user_id"] not in busy:
            pair = (row["user_id"], row["item_id"])
            repeats += pair in seen
            total += 1
            seen.add(pair)
    assert figures["clicks on an item that the user had clicked before"] == pytest.approx(repeats / total)


def test_robots_are_those_of_the_rule(figures: dict[str, float], logs: Logs) -> None:
    busy = busy_users(logs)
    assert busy, "the simulation has some"
    assert figures["robots by the rule"] == len(busy)
    mine = sum(user in busy for user in logs.searches["user_id"].to_pylist())
    assert figures["searches of theirs"] == pytest.approx(mine / len(logs.searches))


def test_shares_of_kinds_and_grades_are_whole(figures: dict[str, float]) -> None:
    kinds = ("leaf", "middle", "brand and leaf", "brand", "attribute", "vague")
    assert sum(figures[f"queries: {kind}"] for kind in kinds) == pytest.approx(1)
    grades = [figures[f"exposures of grade {grade}"] for grade in (1, 2, 3)]
    assert figures["irrelevant exposures"] + sum(grades) == pytest.approx(1)
    assert 0.01 < figures["irrelevant exposures"] < 0.3, "the engine is imperfect, and no fool"


@pytest.mark.parametrize("task", ["brand", "category"])
@pytest.mark.parametrize("window", ["realtime", "short", "long"])
def test_every_window_lifts_the_guess_of_the_next_click(figures: dict[str, float], task: str, window: str) -> None:
    assert figures[f"{task}: lift by {window} alone"] > 1.1


def test_logs_without_truth_are_described_without_it(folder: Path, logs: Logs) -> None:
    sections = describe(folder, logs, None, windows=WindowConfig(), robots=LIMITS)
    names = {figure.name for section in sections for figure in section.figures}
    assert "rank 1" in names
    assert "irrelevant exposures" not in names


def busy_users(logs: Logs) -> set[str]:
    """Users with more searches or actions in one clock hour than a person makes."""
    searches = Counter((row["user_id"], row["at_ms"] // 3_600_000) for row in logs.searches.to_pylist())
    actions = Counter((row["user_id"], row["at_ms"] // 3_600_000) for row in logs.events.to_pylist())
    by_searches = {user for (user, _), count in searches.items() if count > LIMITS.searches_an_hour}
    return by_searches | {user for (user, _), count in actions.items() if count > LIMITS.actions_an_hour}
