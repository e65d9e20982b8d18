"""Pre-training: what pieces of titles are, and towers that have read nothing but a catalogue."""

import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.main import main
from multigrain.encoder import load_encoder
from multigrain.errors import InvalidConfig, InvalidLog
from multigrain.features.windows import Windows
from multigrain.text import analyzer
from multigrain.text.analyzer import words_of
from tests.small_training import small_config, small_logs
from trainer.configs.config import PretrainingConfig, TrainingConfig
from trainer.data.example_rows import read_examples
from trainer.data.logs import CATALOG, read_catalogue, write_logs
from trainer.data.title_pieces import Described, described, piece_of, typed, write_pieces
from trainer.data.title_spans import NOBODY, misspelt
from trainer.data.vocabularies import build_vocabularies
from trainer.flow import Candidate, find_candidate
from trainer.pretraining.config import for_pretraining
from trainer.pretraining.flow import pretrain
from trainer.progress import Progress
from trainer.training.towers import fresh_towers, load_towers
from trainer.training.warm_start import warm_start

MMSE = {"name": "mmse", "dims": 32, "heads": 2, "transformer_layers": 1}
CONFIG = small_config(model=MMSE, pretraining={"per_item": 4}, run={"held_out": 40})
SHELF = Described("sku-1", ("oak", "wall", "shelf", "white"), (("home",), ("kinderlings", "furniture")), ("sku-1",))
PLAIN = PretrainingConfig.model_validate({"misspelt": 0.0, "words_max": 3})


def catalogue_alone(folder: Path) -> Path:
    """A shop where nobody has searched: of the log folder there is the catalogue."""
    write_logs(folder, small_logs())
    for file in folder.iterdir():
        if file.name != CATALOG:
            file.unlink()
    return folder


@dataclass(frozen=True)
class Run:
    catalogue: Path
    work: Path
    candidate: Candidate


def run(catalogue: Path, work: Path, config: TrainingConfig, reports: list[Progress] | None = None) -> Run:
    said = [] if reports is None else reports
    found = pretrain(catalogue, work, config, reporter=said.append, clock=lambda: 0.0, clock_ms=lambda: 7)
    return Run(catalogue, work, found)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("pretrained")
    return run(catalogue_alone(root / "shop"), root / "work", CONFIG)


@given(st.integers(0, 10_000))
def test_a_piece_is_words_of_the_title_in_order_or_names_its_category_or_brand(seed: int) -> None:
    words = piece_of(SHELF, PLAIN, np.random.default_rng(seed)).split()
    rest = iter(SHELF.title)
    named = [name for name in SHELF.names if " ".join(name) in " ".join(words)]
    if named:
        beside = [word for word in words if word not in named[0]]
        assert len(beside) <= 1
        assert set(beside) <= set(SHELF.title)
    else:
        assert 1 <= len(words) <= 3
        assert all(word in rest for word in words)


def test_about_as_many_pieces_name_something_as_were_asked_for() -> None:
    told = PLAIN.model_copy(update={"named": 0.25})
    pieces = [piece_of(SHELF, told, np.random.default_rng(seed)) for seed in range(1000)]
    named = sum("home" in piece or "furniture" in piece for piece in pieces)
    assert 200 < named < 300


@given(st.integers(0, 10_000))
def test_names_are_mistyped_too(seed: int) -> None:
    told = PLAIN.model_copy(update={"misspelt": 1.0, "named": 1.0})
    words = piece_of(SHELF, told, np.random.default_rng(seed)).split()
    # Words of title or name with four different letters in a row do not survive.
    assert not {"furniture", "kinderlings"} & set(words)


def test_chinese_is_typed_without_spaces_but_beside_latin_words() -> None:
    assert typed(["跑步鞋", "黑色"]) == "跑步鞋黑色"
    assert typed(["nike", "跑步鞋", "黑色", "air", "max"]) == "nike 跑步鞋黑色 air max"
    assert typed(["lamp"]) == "lamp"


def test_items_of_one_title_are_wanted_by_each_others_pieces(tmp_path: Path) -> None:
    logs = small_logs()
    titles = logs.catalog["title"].to_pylist()
    titles[1] = titles[0]
    catalog = logs.catalog.set_column(1, logs.catalog.schema.field("title"), [titles])
    first, second = logs.catalog["item_id"].to_pylist()[:2]
    found = {item.item_id: item.same for item in described(replace(logs, catalog=catalog))}
    assert found[first] == (first, second)
    assert found[second] == (second, first)
    write_pieces(replace(logs, catalog=catalog), tmp_path, CONFIG)
    pieces = [example for example in read_examples(tmp_path, "train") if example.clicked[0] == first]
    assert {example.clicked for example in pieces} == {(first, second)}


def test_every_title_gets_its_pieces_and_the_test_part_has_others(tmp_path: Path) -> None:
    logs = small_logs()
    manifest = write_pieces(logs, tmp_path, CONFIG)
    train, test = (list(read_examples(tmp_path, part)) for part in ("train", "test"))
    ids = logs.catalog["item_id"].to_pylist()
    assert Counter(example.clicked[0] for example in train) == dict.fromkeys(ids, 4)
    assert Counter(example.clicked[0] for example in test) == dict.fromkeys(ids, 1)
    assert (manifest.train, manifest.test) == (len(train), len(test)) == (800, 200)
    for example in train:
        assert example.grains == analyzer.analyze(example.query)
        assert example.user_id == NOBODY
        assert example.history.is_empty
    assert max(example.at_ms for example in train) < manifest.test_from_ms <= min(example.at_ms for example in test)
    asked = {(example.clicked[0], example.query) for example in train}
    fresh = [example for example in test if (example.clicked[0], example.query) not in asked]
    assert len(fresh) > 100, "pieces that were learnt would be found by heart"


def test_one_seed_gives_the_same_pieces_and_an_item_that_joins_changes_no_other(tmp_path: Path) -> None:
    logs = small_logs()
    texts = []
    for name, shop, seed in (
        ("one", logs, 0),
        ("again", logs, 0),
        ("fewer", replace(logs, catalog=logs.catalog.slice(1)), 0),
        ("other", logs, 1),
    ):
        (tmp_path / name).mkdir()
        write_pieces(shop, tmp_path / name, small_config(model=MMSE, pretraining={"per_item": 2, "seed": seed}))
        texts.append({example.search_id: example.query for example in read_examples(tmp_path / name, "train")})
    one, again, fewer, other = texts
    assert one == again
    assert fewer.items() < one.items()
    assert other != one


def test_a_model_that_knows_items_by_ids_is_refused() -> None:
    with pytest.raises(InvalidConfig, match=r"model\.name: 'mgdspr' knows items by ids.*use one of mmse, bag"):
        for_pretraining(small_config())


def test_a_folder_without_a_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match="no such file"):
        pretrain(tmp_path, tmp_path / "work", CONFIG, reporter=lambda said: None, clock=lambda: 0.0, clock_ms=lambda: 0)


def test_a_catalogue_alone_becomes_a_bundle_that_finds_what_was_not_learnt(pretrained: Run) -> None:
    report = pretrained.candidate.report
    assert (report.items, report.queries) == (200, 200)
    assert report.scores["recall@10"] > 0.4, "10 of 200 by chance would be 0.05"
    assert find_candidate(pretrained.work).bundle.bundle_id == report.bundle_id, "and can be published"
    encoder = load_encoder(pretrained.candidate.bundle)
    assert encoder.encode_queries([("shoes", Windows())]).shape == (1, 32)


@pytest.mark.slow
def test_it_finds_more_than_the_towers_that_it_began_with(pretrained: Run, tmp_path: Path) -> None:
    found = {}
    for name, rate in (("learnt", 0.01), ("fresh", 1e-9)):
        told = {"per_item": 12, "learning_rate": rate}
        config = small_config(model=MMSE, pretraining=told, run={"held_out": 40, "batch_size": 50})
        found[name] = run(pretrained.catalogue, tmp_path / name, config).candidate.report.scores["recall@10"]
    assert found["learnt"] > found["fresh"] + 0.05


@pytest.mark.slow
def test_a_bag_of_words_reads_a_catalogue_too(pretrained: Run, tmp_path: Path) -> None:
    config = small_config(model={"name": "bag", "dims": 32}, pretraining={"per_item": 2})
    report = run(pretrained.catalogue, tmp_path / "work", config).candidate.report
    assert report.scores["recall@10"] > 0.4, "10 of 200 by chance would be 0.05"


def test_what_is_finished_is_not_made_again(pretrained: Run) -> None:
    reports: list[Progress] = []
    again = run(pretrained.catalogue, pretrained.work, CONFIG, reports).candidate
    assert again.bundle.bundle_id == pretrained.candidate.bundle.bundle_id
    assert {said.done for said in reports} == {1}


def test_the_command_names_the_bundle_and_its_recall(
    pretrained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sections = CONFIG.model_dump(mode="json").items()
    lines = [[f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in told.items())] for name, told in sections]
    (tmp_path / "mine.toml").write_text("\n".join(line for section in lines for line in section))
    places = ["--logs", str(pretrained.catalogue), "--out", str(pretrained.work)]
    assert main(["--json", "pretrain", str(tmp_path / "mine.toml"), *places]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["bundle_id"] == pretrained.candidate.bundle.bundle_id
    figures = {figure["name"]: figure["value"] for figure in said["figures"]}
    assert figures["recall@10"] == pretrained.candidate.report.scores["recall@10"]


def test_searches_beside_the_catalogue_change_nothing(pretrained: Run, tmp_path: Path) -> None:
    write_logs(tmp_path, small_logs())
    assert run(tmp_path, pretrained.work, CONFIG).candidate.bundle.bundle_id == pretrained.candidate.bundle.bundle_id


@pytest.mark.slow
def test_one_seed_gives_the_same_weights(pretrained: Run, tmp_path: Path) -> None:
    again = run(pretrained.catalogue, tmp_path / "work", CONFIG)
    ours, theirs = (load_towers(work / "towers").model.variables for work in (pretrained.work, again.work))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy(), err_msg=mine.name)


def test_training_on_searches_starts_from_what_titles_taught(pretrained: Run) -> None:
    earlier, logs = load_towers(pretrained.work / "towers"), small_logs()
    config = small_config(model=MMSE, vocabulary={"title_unigrams": True})
    fresh = fresh_towers(build_vocabularies(logs, config.vocabulary, before_ms=2**60), config)
    warm_start(fresh, earlier)
    words = [table.model.query.words.word.table.numpy() for table in (earlier, fresh)]
    for token in words_of(logs.catalog["title"][0].as_py()):
        rows = [towers.vocabularies.word.id_of(token) for towers in (earlier, fresh)]
        np.testing.assert_array_equal(words[0][rows[0]], words[1][rows[1]])
    assert fresh.vocabularies.unigram.tokens != earlier.vocabularies.unigram.tokens, "searches bring grains"
    assert set(earlier.vocabularies.unigram.tokens) <= set(fresh.vocabularies.unigram.tokens)


def test_without_title_unigrams_only_searches_bring_grains() -> None:
    logs = small_logs()
    without, spelt = (
        build_vocabularies(
            logs, small_config(vocabulary={"title_unigrams": told}).vocabulary, before_ms=2**60
        ).unigram.tokens
        for told in (False, True)
    )
    assert set(without) < set(spelt)


def test_of_the_log_folder_the_catalogue_alone_is_read(tmp_path: Path) -> None:
    logs = read_catalogue(catalogue_alone(tmp_path))
    assert (len(logs.catalog), len(logs.searches), len(logs.events), logs.last_ms) == (200, 0, 0, 0)


def test_a_mistake_is_a_letter_lost_or_two_in_the_wrong_order() -> None:
    wrong = {misspelt("shelf", np.random.default_rng(seed)) for seed in range(100)}
    assert wrong == {"hself", "sehlf", "shlef", "shefl", "helf", "self", "shlf", "shef"}
