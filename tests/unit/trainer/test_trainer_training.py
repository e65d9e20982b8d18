"""Vocabularies and the loop."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from multigrain.errors import InvalidConfig
from multigrain.features.inputs import item_inputs
from multigrain.key_terms import TermKind
from tests.builders import an_item
from tests.small_training import small_config
from tests.unit.trainer.conftest import SmallRun
from trainer.data.encoded_shards import Encoder
from trainer.data.example_rows import read_examples, shards_of
from trainer.data.examples import read_manifest
from trainer.data.key_terms import build_key_terms
from trainer.data.logs import items_of
from trainer.data.vocabularies import build_vocabularies, clicks_by_item
from trainer.evaluation.recall import recall_at
from trainer.evaluation.topk import exact_top_k
from trainer.models.model import make_model
from trainer.models.weights import load_weights
from trainer.progress import Meter, Progress, silent
from trainer.training.checkpoints import Checkpoints
from trainer.training.held_out_recall import HeldOutRecall
from trainer.training.loop import Kept
from trainer.training.train import Trained, train


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


def run(small_run: SmallRun, folder: Path, **changes: dict[str, object]) -> Trained:
    items = list(items_of(small_run.logs))
    return train(
        small_run.candidate.examples,
        items,
        np.ones(len(items), np.int64),
        small_run.bundle.vocabularies(),
        small_config(**changes),
        kept=Kept(folder, Checkpoints(folder / "checkpoints")),
        reporter=silent,
        clock=lambda: 0.0,
    )


def test_training_brings_the_loss_down(small_run: SmallRun, tmp_path: Path) -> None:
    trained = run(small_run, tmp_path, run={"epochs": 8})
    assert trained.steps > 30
    assert trained.losses[-1] < 0.7 * trained.losses[0]


@pytest.mark.parametrize("loss", [{"mixed": 8}, {"log_q": True}, {"temperature": 2.0, "mixed": 8, "log_q": True}])
def test_every_part_of_the_loss_can_be_trained_with(
    small_run: SmallRun, tmp_path: Path, loss: dict[str, object]
) -> None:
    trained = run(small_run, tmp_path, loss=loss, optimizer={"name": "adagrad", "learning_rate": 0.1})
    assert all(np.isfinite(value) for value in trained.losses)


@pytest.mark.parametrize("kind", ["multi_stage", "multi_objective_softmax"])
def test_objectives_over_impression_groups_bring_their_loss_down(
    small_run: SmallRun, tmp_path: Path, kind: str
) -> None:
    model = {"name": "bag"}
    changes = {"model": model, "loss": {"kind": kind, "temperature": 0.1, "half_life_days": 10.0}}
    trained = run(small_run, tmp_path, **changes, run={"epochs": 6})
    assert trained.losses[-1] < 0.7 * trained.losses[0]
    first = run(small_run, tmp_path / "again", **changes, run={"epochs": 6})
    assert first.losses == trained.losses, "one seed, one run"


def test_settings_that_contradict_each_other_are_refused_before_the_first_step(
    small_run: SmallRun, tmp_path: Path
) -> None:
    with pytest.raises(InvalidConfig, match=r"multi_stage\.ordered_margin"):
        run(small_run, tmp_path, loss={"kind": "multi_stage"}, multi_stage={"ordered_margin": 0.05})


def test_a_loss_that_is_no_number_stops_with_the_key_to_change_and_the_batch(
    small_run: SmallRun, tmp_path: Path
) -> None:
    with pytest.raises(InvalidConfig, match=r"optimizer\.learning_rate: the loss is .* at step \d+, .*bad-batch-"):
        run(small_run, tmp_path, optimizer={"name": "adam", "learning_rate": 1e30}, run={"epochs": 2})
    (saved,) = tmp_path.glob("bad-batch-*.npz")
    with np.load(saved, allow_pickle=False) as batch:
        assert batch["positive"].shape == (16,)
        assert {"unigrams", "realtime", "known", "pool"} <= set(batch.files)
    assert not list((tmp_path / "checkpoints").glob("*.npz")), "spoilt weights are not kept"


def test_too_few_examples_for_a_batch_are_refused(small_run: SmallRun, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"run\.batch_size: .* do not fill one batch of 100000"):
        run(small_run, tmp_path, run={"batch_size": 100_000})


def test_every_report_is_a_line_for_machines(small_run: SmallRun, tmp_path: Path) -> None:
    trained = run(small_run, tmp_path, run={"epochs": 3, "recall_steps": 20})
    lines = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text().splitlines()]
    assert [line["loss"] for line in lines] == list(trained.losses)
    assert lines[-1]["step"] == trained.steps
    assert [line["step"] for line in lines[:-1]] == list(range(20, trained.steps, 20))
    assert all(0 < line["recall"] <= 1 for line in lines)
    assert lines[-1]["recall"] == trained.recall
    assert {line["rate"] for line in lines} == {0.01}


@pytest.mark.parametrize("how", [{"xla": True}, {"products": "bfloat16"}])
def test_compiled_or_with_short_products_a_run_learns_the_same(
    small_run: SmallRun, tmp_path: Path, how: dict[str, object]
) -> None:
    model = {"name": "dnn"}
    plain = run(small_run, tmp_path / "plain", model=model)
    other = run(small_run, tmp_path / "other", model=model, run=how)
    assert other.losses != plain.losses, "it was done in another way"
    assert other.losses == pytest.approx(plain.losses, rel=0.02)
    assert {variable.dtype for variable in other.model.variables} == {tf.float32}


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
    assert list(dict.fromkeys(steps)) == [
        "examples",
        "towers",
        "train",
        "neighbors",
        "choices",
        "key_terms",
        "export",
        "evaluation",
    ]
    last = [report for report in small_run.reports if report.step == "train"][-1]
    assert last.done == last.total
    assert last.loss is not None
    assert last.recall is not None


def test_the_speed_is_of_this_process_alone() -> None:
    reports: list[Progress] = []
    now = iter([10.0, 12.0])
    Meter("train", 100, reporter=reports.append, clock=lambda: next(now), already=60).report(80)
    assert (reports[0].per_second, reports[0].seconds_left) == ((80 - 60) / 2, 20 / 10)


def test_eight_examples_can_be_learnt_by_heart(small_run: SmallRun, tmp_path: Path) -> None:
    eight = tmp_path / "eight"
    eight.mkdir()
    table = pa.concat_tables(pq.read_table(shard) for shard in shards_of(small_run.candidate.examples, "train"))
    # One click each, so that what is to be found first is one thing; and no two ask the same.
    asked = dict.fromkeys(table.filter(pc.equal(pc.list_value_length(table["clicked"]), 1))["query"].to_pylist())
    clicked, queries = table["clicked"].to_pylist(), table["query"].to_pylist()
    rows = [next(i for i, text in enumerate(queries) if text == query and len(clicked[i]) == 1) for query in asked][:8]
    pq.write_table(table.take(rows), eight / "train-0000.parquet")
    trained = run(
        replace(small_run, candidate=replace(small_run.candidate, examples=eight)),
        tmp_path,
        model={"dropout": 0.0},
        loss={"pool": 128},
        optimizer={"name": "adam", "learning_rate": 0.01, "decay": "linear"},
        run={"batch_size": 8, "epochs": 150},
    )
    items, vocabularies, config = list(items_of(small_run.logs)), small_run.bundle.vocabularies(), small_run.config
    encoder = Encoder(items, vocabularies, lengths=config.text.to_floor(), windows=config.windows.to_floor())
    shown = encoder.encode(list(read_examples(eight, "train")))
    catalogue = item_inputs(items, vocabularies, config.text.to_floor())
    asked_for = trained.model.query({name: tf.constant(array) for name, array in shown.items()}).numpy()
    vectors = trained.model.item(**{name: tf.constant(array) for name, array in catalogue.items()}).numpy()
    assert recall_at(exact_top_k(asked_for, vectors, 1), shown["known"][:, :1].tolist(), 1) == 1.0


def test_recall_in_blocks_is_recall(small_run: SmallRun) -> None:
    items, vocabularies, config = list(items_of(small_run.logs)), small_run.bundle.vocabularies(), small_run.config
    encoder = Encoder(items, vocabularies, lengths=config.text.to_floor(), windows=config.windows.to_floor())
    encoded = encoder.encode(list(read_examples(small_run.candidate.examples, "train"))[:20])
    catalogue, model = item_inputs(items, vocabularies, config.text.to_floor()), make_model(config, vocabularies)
    queries = model.query({name: tf.constant(array) for name, array in encoded.items()}).numpy()
    vectors = model.item(**{name: tf.constant(array) for name, array in catalogue.items()}).numpy()
    wanted = [[row for row in rows if row >= 0] for rows in encoded["known"].tolist()]
    expected = recall_at(np.argsort(-(queries @ vectors.T), axis=1, kind="stable"), wanted, 100)
    assert HeldOutRecall(model, encoded, catalogue, seed=0).measure() == pytest.approx(expected, abs=0.02)
    nothing = {name: array[:0] for name, array in encoded.items()}
    assert HeldOutRecall(model, nothing, catalogue, seed=0).measure() is None
