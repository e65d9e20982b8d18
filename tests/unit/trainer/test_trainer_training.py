"""Batches, vocabularies and the loop."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from multigrain.errors import InvalidConfig
from multigrain.key_terms import TermKind
from tests.builders import an_item
from tests.small_training import small_config
from tests.unit.trainer.conftest import SmallRun
from trainer.data.batches import Batches, BatchShape
from trainer.data.example_rows import read_examples
from trainer.data.examples import read_manifest
from trainer.data.key_terms import build_key_terms
from trainer.data.logs import items_of
from trainer.data.vocabularies import build_vocabularies, clicks_by_item
from trainer.models.weights import load_weights
from trainer.progress import Meter, Progress, silent
from trainer.train import make_model, train


def batches_of(small_run: SmallRun, **changes: int) -> Batches:
    config = small_run.config
    shape = replace(BatchShape(size=16, pool=32, epochs=2, seed=0), **changes)
    return Batches(
        small_run.candidate.examples,
        list(items_of(small_run.logs)),
        small_run.bundle.vocabularies(),
        lengths=config.text.to_floor(),
        windows=config.windows.to_floor(),
        shape=shape,
    )


def test_a_run_has_as_many_batches_as_it_says(small_run: SmallRun) -> None:
    batches = batches_of(small_run)
    examples = len(list(read_examples(small_run.candidate.examples, "train")))
    assert batches.steps == len(list(batches)) == 2 * examples // 16


def test_the_drawn_positive_was_clicked_in_that_search(small_run: SmallRun) -> None:
    items = list(items_of(small_run.logs))
    clicked = {example.clicked for example in read_examples(small_run.candidate.examples, "train")}
    for batch in batches_of(small_run):
        assert (batch["positive"][:, None] == batch["known"]).any(1).all()
        for known in batch["known"]:
            assert tuple(items[row].item_id for row in known if row >= 0) in {ids[:8] for ids in clicked}


def test_the_same_seed_gives_the_same_batches_and_another_another_order(small_run: SmallRun) -> None:
    first, again, other = (next(iter(batches_of(small_run, seed=seed))) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["positive"], other["positive"])


def test_a_word_of_the_test_day_is_not_in_the_vocabulary(small_run: SmallRun) -> None:
    logs = small_run.logs
    last = logs.searches.num_rows - 1
    queries = logs.searches["query"].to_pylist()
    queries[last] = "zzyzx"
    changed = replace(logs, searches=logs.searches.set_column(3, logs.searches.schema.field("query"), [queries]))
    config, cut = small_run.config.vocabulary, read_manifest(small_run.candidate.examples).test_from_ms
    assert "zzyzx" not in build_vocabularies(changed, config, before_ms=cut).word.tokens
    assert "zzyzx" in build_vocabularies(changed, config, before_ms=logs.last_ms + 1).word.tokens


def test_rarely_clicked_items_have_no_id_of_their_own(small_run: SmallRun) -> None:
    logs, items = small_run.logs, list(items_of(small_run.logs))
    config = small_config(vocabulary={"item_clicks": 3}).vocabulary
    vocabulary = build_vocabularies(logs, config, before_ms=logs.last_ms + 1).item
    counts = clicks_by_item(logs, items, before_ms=logs.last_ms + 1)
    assert set(vocabulary.tokens) == {item.item_id for item, n in zip(items, counts, strict=True) if n >= 3}
    assert 0 < len(vocabulary.tokens) < len(items)


def test_key_terms_are_every_spelling_and_every_path() -> None:
    items = [
        an_item(1, brand="李宁", category_path=("sports", "shoes"), attributes={"brand_synonyms": "li ning|lining"}),
        an_item(2, brand="", category_path=("women", "shoes")),
    ]
    terms = {(term.kind, term.value, term.words) for term in build_key_terms(items)}
    assert terms == {
        (TermKind.BRAND, "李宁", ("李", "宁")),
        (TermKind.BRAND, "李宁", ("li", "ning")),
        (TermKind.BRAND, "李宁", ("lining",)),
        (TermKind.CATEGORY, "sports", ("sports",)),
        (TermKind.CATEGORY, "women", ("women",)),
        (TermKind.CATEGORY, "sports/shoes", ("shoes",)),
        (TermKind.CATEGORY, "women/shoes", ("shoes",)),
    }


def run(small_run: SmallRun, **changes: dict[str, object]):  # type: ignore[no-untyped-def]  # what train() gives
    items = list(items_of(small_run.logs))
    clicks = np.ones(len(items), np.int64)
    config = small_config(**changes)
    vocabularies = small_run.bundle.vocabularies()
    return train(small_run.candidate.examples, items, clicks, vocabularies, config, reporter=silent, clock=lambda: 0.0)


def test_training_brings_the_loss_down(small_run: SmallRun) -> None:
    trained = run(small_run, run={"epochs": 8})
    assert trained.steps > 30
    assert trained.losses[-1] < 0.7 * trained.losses[0]


@pytest.mark.parametrize("loss", [{"mixed": 8}, {"log_q": True}, {"temperature": 2.0, "mixed": 8, "log_q": True}])
def test_every_part_of_the_loss_can_be_trained_with(small_run: SmallRun, loss: dict[str, object]) -> None:
    trained = run(small_run, loss=loss, optimizer={"name": "adagrad", "learning_rate": 0.1})
    assert all(np.isfinite(value) for value in trained.losses)


def test_a_loss_that_is_no_number_stops_with_the_key_to_change(small_run: SmallRun) -> None:
    with pytest.raises(InvalidConfig, match=r"optimizer\.learning_rate: the loss is (nan|inf) near step"):
        run(small_run, optimizer={"name": "adam", "learning_rate": 1e30}, run={"epochs": 2})


def test_too_few_examples_for_a_batch_are_refused(small_run: SmallRun) -> None:
    with pytest.raises(InvalidConfig, match=r"run\.batch_size: .* do not fill one batch of 100000"):
        run(small_run, run={"batch_size": 100_000})


def test_saved_weights_come_back(small_run: SmallRun, tmp_path: Path) -> None:
    from trainer.models.weights import save_weights

    vocabularies = small_run.bundle.vocabularies()
    model = make_model(small_run.config, vocabularies)
    other = make_model(small_config(run={"seed": 9}), vocabularies)
    save_weights(model, tmp_path)
    load_weights(other, tmp_path)
    for mine, theirs in zip(model.trainable_variables, other.trainable_variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


def test_the_meter_tells_speed_and_time_left() -> None:
    reports: list[Progress] = []
    now = iter([10.0, 12.0])
    Meter("train", 100, reporter=reports.append, clock=lambda: next(now)).report(20, loss=1.5)
    assert (reports[0].per_second, reports[0].seconds_left, reports[0].loss) == (20 / 2, 80 / 10, 1.5)


def test_training_reported_its_steps(small_run: SmallRun) -> None:
    steps = [report.step for report in small_run.reports]
    assert list(dict.fromkeys(steps)) == ["examples", "towers", "train", "export", "evaluation"]
    last = [report for report in small_run.reports if report.step == "train"][-1]
    assert last.done == last.total
    assert last.loss is not None
