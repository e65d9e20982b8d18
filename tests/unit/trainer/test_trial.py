"""What every system is asked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from multigrain.errors import NotFound
from multigrain.features.windows import Windows
from multigrain.types import BehaviorColumns
from tests.builders import a_behavior, an_item
from tests.unit.trainer.conftest import SmallRun
from tests.unit.trainer.trials import a_trial, an_example
from trainer.data.logs import items_of
from trainer.evaluation.before import load_before, read_before, save_before
from trainer.evaluation.trial import chosen, each_click, read_trial, sampled, trial_of, within_category

ITEMS = [an_item(number) for number in range(1, 7)]
HEARD = Windows(realtime=BehaviorColumns.of([a_behavior("sku-1", minutes_ago=10)]))
SEARCHES = [an_example(f"query {number}", f"sku-{number}", number=number) for number in range(1, 7)]


def test_only_searches_that_want_an_item_of_the_catalogue_are_asked() -> None:
    trial = a_trial([an_example("a", "sku-2", "gone", ordered=["sku-2"]), an_example("b", "gone")], ITEMS)
    assert [example.query for example in trial.examples] == ["a"]
    assert (trial.wanted, trial.ordered) == ([[1]], [[1]])


def test_a_sample_is_of_the_searches_and_never_of_the_items() -> None:
    trial = a_trial(SEARCHES, ITEMS)
    few = sampled(trial, 2)
    assert (len(few), few.items) == (2, trial.items)
    assert few.examples == sampled(trial, 2).examples, "the same ones each time"
    assert sampled(trial, 99).examples == trial.examples


def test_trials_that_ask_the_same_have_equal_ids_and_others_do_not() -> None:
    trial = a_trial(SEARCHES, ITEMS)
    assert trial.trial_id == a_trial(SEARCHES, ITEMS).trial_id
    others = [
        chosen(trial, [0, 1]),
        a_trial(SEARCHES, ITEMS[:5]),
        a_trial(SEARCHES, [an_item(1, title="another title"), *ITEMS[1:]]),
        within_category(trial),
        a_trial([replace(SEARCHES[0], history=HEARD), *SEARCHES[1:]], ITEMS),
    ]
    assert len({trial.trial_id, *(other.trial_id for other in others)}) == 6


def test_each_click_can_be_a_search_of_its_own() -> None:
    trial = each_click(a_trial([an_example("a", "sku-2", "gone", "sku-3", ordered=["sku-3"])], ITEMS))
    assert (trial.wanted, trial.ordered) == ([[1], [2]], [[], [2]])
    assert len({example.search_id for example in trial.examples}) == 2


def test_within_its_category_a_search_is_ranked_among_items_of_the_very_same_categories() -> None:
    paths = [("a", "b"), ("a",), ("a", "b"), ("a", "c")]
    items = [an_item(number, category_path=path) for number, path in enumerate(paths)]
    trial = within_category(a_trial([an_example("q", "sku-2"), an_example("r", "sku-1")], items))
    assert trial.pools is not None
    assert [trial.pools.members[pool].tolist() for pool in trial.pools.of] == [[0, 2], [1]]
    assert chosen(trial, [1]).pools.of.tolist() == trial.pools.of[1:].tolist()  # type: ignore[union-attr]  # it has some


def test_the_trial_of_kept_counts_is_that_of_the_logs(small_run: SmallRun, tmp_path: Path) -> None:
    trial = read_trial(small_run.logs, small_run.candidate.examples)
    save_before(small_run.candidate.before, tmp_path)
    again = trial_of(small_run.candidate.examples, list(items_of(small_run.logs)), load_before(tmp_path))
    assert (again.trial_id, again.asked) == (trial.trial_id, trial.asked)
    np.testing.assert_array_equal(again.clicks, trial.clicks)


def test_counts_are_of_what_came_before_the_test_part(small_run: SmallRun) -> None:
    logs = small_run.logs
    assert not read_before(logs, 0).clicks
    everything = read_before(logs, logs.last_ms + 1)
    assert sum(everything.asked.values()) == len(logs.searches)
    assert sum(everything.clicks.values()) == len(logs.events)
    assert 0 < sum(small_run.candidate.before.clicks.values()) < len(logs.events)


def test_logs_of_another_shop_are_refused(small_run: SmallRun) -> None:
    with pytest.raises(NotFound, match="clicked an item of the catalogue: other logs"):
        trial_of(small_run.candidate.examples, [an_item(1, item_id="stranger")], small_run.candidate.before)
