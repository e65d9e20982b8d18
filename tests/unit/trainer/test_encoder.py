"""A loaded bundle gives the vectors that it was trained to, on any thread, without the trainer."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from multigrain import golden
from multigrain.bundle import MANIFEST, Bundle, BundleFacts, open_bundle, seal
from multigrain.encoder import BundleEncoder, load_compiled_encoder, load_encoder
from multigrain.errors import BundleRefused
from multigrain.features.windows import LONG_TERM_ACTIONS, Windows
from multigrain.finished import MARK
from multigrain.saved_towers import load_query_tower
from multigrain.types import BehaviorColumns
from multigrain.user_states import UserStates
from tests.builders import an_item
from tests.unit.trainer.conftest import SmallRun
from trainer.models.model import make_model
from trainer.models.weights import load_weights


@pytest.fixture(scope="module")
def encoder(small_run: SmallRun) -> BundleEncoder:
    return load_encoder(small_run.bundle)


@pytest.fixture(scope="module")
def compiled(small_run: SmallRun) -> BundleEncoder:
    return load_compiled_encoder(small_run.bundle)


def resealed(bundle_path: Path, **changes: str) -> None:
    """Seals a changed bundle again, so that only what it says is wrong, not its hashes."""
    old = open_manifest(bundle_path)
    for name in (MARK, MANIFEST):
        (bundle_path / name).unlink()
    facts = BundleFacts(
        model=old["model"],
        dims=old["dims"],
        analyzer=changes.get("analyzer", old["analyzer"]),
        text=golden_text(old),
        windows=golden_windows(old),
        trained_from_ms=0,
        trained_to_ms=0,
        scores={},
        created_ms=0,
    )
    seal(bundle_path, facts)


def open_manifest(path: Path) -> dict:
    return json.loads((path / MANIFEST).read_text())


def golden_text(manifest: dict):
    from multigrain.features.inputs import TextLengths

    return TextLengths(**manifest["text"])


def golden_windows(manifest: dict):
    from multigrain.features.windows import WindowConfig

    return WindowConfig(**{k: int(v) if v == int(v) else v for k, v in manifest["windows"].items()})


def test_exported_towers_equal_the_trained_ones(small_run: SmallRun, encoder: BundleEncoder) -> None:
    from multigrain.features.inputs import query_inputs

    vocabularies = small_run.bundle.vocabularies()
    model = make_model(small_run.config, vocabularies)
    load_weights(model, small_run.work / "towers")
    queries = list(small_run.bundle.golden().queries)
    lengths, windows = small_run.config.text.to_floor(), small_run.config.windows.to_floor()
    trained = model.query(query_inputs(queries, vocabularies, lengths, windows)).numpy()
    np.testing.assert_allclose(encoder.encode_queries(queries), trained, atol=1e-6)


def test_golden_examples_hold_histories_and_the_hardest_inputs(small_run: SmallRun) -> None:
    queries = small_run.bundle.golden().queries
    assert len(queries) == 3 + 2
    assert any(len(history.realtime) + len(history.short) for _, history in queries)
    assert ("", 0) in [(text, len(history.realtime)) for text, history in queries]


def test_shapes_and_an_empty_batch(encoder: BundleEncoder) -> None:
    assert encoder.dims == 16
    assert encoder.encode_queries([]).shape == (0, 16)
    assert encoder.encode_items([]).shape == (0, 16)
    assert encoder.encode_items([an_item(i) for i in range(3)]).shape == (3, 16)


def test_a_batch_equals_single_calls(small_run: SmallRun, encoder: BundleEncoder) -> None:
    queries = list(small_run.bundle.golden().queries)
    singles = np.concatenate([encoder.encode_queries([query]) for query in queries])
    np.testing.assert_allclose(encoder.encode_queries(queries), singles, atol=1e-6)


def test_batches_beyond_one_call_are_joined_in_order(encoder: BundleEncoder) -> None:
    queries = [(f"red dress {i}", Windows()) for i in range(300)]  # more than 256
    vectors = encoder.encode_queries(queries)
    np.testing.assert_allclose(vectors[[0, 299]], encoder.encode_queries([queries[0], queries[299]]), atol=1e-6)


def test_threads_get_what_one_thread_gets(encoder: BundleEncoder) -> None:
    queries = [(f"shoes {i}", Windows()) for i in range(40)]
    alone = [encoder.encode_queries([query]) for query in queries]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda query: encoder.encode_queries([query]), queries))
    np.testing.assert_allclose(np.concatenate(together), np.concatenate(alone), atol=1e-6)


def test_an_item_nobody_has_seen_is_encoded_by_its_title(encoder: BundleEncoder) -> None:
    known, changed = encoder.encode_items([an_item(1), an_item(1, title="红色 连衣裙")])
    assert np.isfinite(known).all()
    assert np.abs(known - changed).max() > 1e-3


def with_one_component_off(bundle: Path, folder: Path, kind: str, *, row: int) -> Path:
    """A copy whose golden vectors say something else than its towers."""
    path = Path(shutil.copytree(bundle, folder / "bundle"))
    known = golden.load(path)
    vectors = getattr(known, kind).copy()
    vectors[row, 5] += 3e-5
    golden.save(replace(known, **{kind: vectors}), path)
    resealed(path)
    return path


def test_a_golden_vector_that_does_not_reproduce_is_refused_by_its_example(small_run: SmallRun, tmp_path: Path) -> None:
    path = with_one_component_off(small_run.bundle.path, tmp_path, "item_vectors", row=1)
    known = golden.load(path)
    with pytest.raises(BundleRefused, match=rf"golden item 1 \('{known.items[1].item_id}'\) is 3e-05 off"):
        load_encoder(open_bundle(path))
    assert load_encoder(open_bundle(path), verify_golden=False).dims == 16


def test_another_vocabulary_does_not_reproduce(small_run: SmallRun, tmp_path: Path) -> None:
    path = Path(shutil.copytree(small_run.bundle.path, tmp_path / "bundle"))
    words = (path / "vocabulary" / "word.txt").read_text().split("\n")
    (path / "vocabulary" / "word.txt").write_text("\n".join([words[0], *reversed(words[1:])]))
    resealed(path)
    with pytest.raises(BundleRefused, match="golden query"):
        load_encoder(open_bundle(path))


def test_a_bundle_of_another_analyzer_is_refused(small_run: SmallRun, tmp_path: Path) -> None:
    path = Path(shutil.copytree(small_run.bundle.path, tmp_path / "bundle"))
    resealed(path, analyzer="grains-0")
    with pytest.raises(BundleRefused, match="made with analyzer grains-0, this program has grains-2"):
        load_encoder(open_bundle(path))


def test_a_bundle_loads_in_a_fresh_process_without_the_trainer(small_run: SmallRun, encoder: BundleEncoder) -> None:
    script = (
        "import sys, json; from pathlib import Path; from multigrain.bundle import open_bundle\n"
        "from multigrain.encoder import load_encoder; from multigrain.features.windows import Windows\n"
        "assert 'tensorflow' not in sys.modules\n"
        "encoder = load_encoder(open_bundle(Path(sys.argv[1])))\n"
        "trainer = sorted(name for name in sys.modules if name.split('.')[0] == 'trainer')\n"
        "print(json.dumps({'trainer': trainer, 'vector': encoder.encode_queries([('red dress', Windows())]).tolist()}))"
    )
    command = [sys.executable, "-c", script, str(small_run.bundle.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["trainer"] == []
    np.testing.assert_allclose(answer["vector"], encoder.encode_queries([("red dress", Windows())]), atol=1e-5)


def test_a_text_with_a_ready_state_equals_the_whole(small_run: SmallRun, encoder: BundleEncoder) -> None:
    queries = list(small_run.bundle.golden().queries) * 60  # more than 256
    texts, histories = zip(*queries, strict=True)
    states = encoder.encode_users(histories)
    assert len(states) == 300
    whole = encoder.encode_queries(queries)
    np.testing.assert_allclose(encoder.encode_with_states(texts, states), whole, atol=1e-6)


def test_states_are_kept_a_user_at_a_time_and_joined_for_a_batch(small_run: SmallRun, encoder: BundleEncoder) -> None:
    texts, histories = zip(*small_run.bundle.golden().queries, strict=True)
    states = encoder.encode_users(histories)
    kept = [states.take([row]) for row in range(len(states))]
    assert sum(one.size_bytes for one in kept) == states.size_bytes > 0
    again = encoder.encode_with_states(texts, UserStates.joined(kept))
    np.testing.assert_allclose(again, encoder.encode_with_states(texts, states), atol=1e-6)
    turned = encoder.encode_with_states(texts[::-1], states.take(range(len(texts))[::-1]))
    np.testing.assert_allclose(turned[::-1], again, atol=1e-6)


def test_one_state_answers_many_texts_of_its_user(small_run: SmallRun, encoder: BundleEncoder) -> None:
    _, history = small_run.bundle.golden().queries[0]
    state = encoder.encode_users([history])
    found = encoder.encode_with_states(["red dress", "shoes"], state.take([0, 0]))
    expected = encoder.encode_queries([("red dress", history), ("shoes", history)])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_no_users_have_states_of_no_rows(encoder: BundleEncoder) -> None:
    states = encoder.encode_users([])
    assert len(states) == 0
    assert encoder.encode_with_states([], states).shape == (0, 16)
    assert len(UserStates.joined([states, encoder.encode_users([Windows()])])) == 1


def test_states_of_another_bundle_are_refused(encoder: BundleEncoder) -> None:
    states = encoder.encode_users([Windows()])
    foreign = replace(states, bundle_id="mgdspr-000000000000")
    with pytest.raises(BundleRefused, match=r"made by bundle mgdspr-0{12}, and bundle mgdspr-.* cannot read them"):
        encoder.encode_with_states(["red dress"], foreign)
    with pytest.raises(BundleRefused, match="encode the users again"):
        UserStates.joined([states, foreign])


def test_every_text_needs_a_state(encoder: BundleEncoder) -> None:
    with pytest.raises(ValueError, match="2 texts and 1 states"):
        encoder.encode_with_states(["red", "dress"], encoder.encode_users([Windows()]))


def test_compiled_single_queries_equal_the_graph(
    small_run: SmallRun, encoder: BundleEncoder, compiled: BundleEncoder
) -> None:
    queries = list(small_run.bundle.golden().queries)
    for text, history in queries:
        graph = encoder.encode_queries([(text, history)])
        np.testing.assert_allclose(compiled.encode_queries([(text, history)]), graph, atol=1e-6)
        state = compiled.encode_users([history])
        np.testing.assert_allclose(compiled.encode_with_states([text], state), graph, atol=1e-6)
    np.testing.assert_allclose(compiled.encode_queries(queries), encoder.encode_queries(queries), atol=1e-6)


def histories_of(bundle: Bundle, count: int) -> list[Windows]:
    """Of random lengths, with random words that the bundle knows; every fourth is empty."""
    rng, known = np.random.default_rng(3), [h for _, h in bundle.golden().queries if not h.is_empty]
    rows = [(part, row) for history in known for part in history.parts for row in range(len(part))]

    def cut(most: int) -> BehaviorColumns:
        picked = [rows[i] for i in rng.integers(0, len(rows), rng.integers(0, most + 1))]
        taken = [part.take([row]) for part, row in picked]
        columns = ("item_ids", "leaf_categories", "top_categories", "brands", "shops")
        texts = {name: sum((getattr(one, name) for one in taken), ()) for name in columns}
        return BehaviorColumns(**texts, actions=np.ones(len(taken), np.uint8), at_ms=np.arange(len(taken)))

    lengths = bundle.windows
    return [
        Windows(
            realtime=cut(lengths.realtime_length),
            short=cut(lengths.short_length),
            long={action: cut(lengths.long_length) for action in LONG_TERM_ACTIONS},
            queries=("red dress", "shoes")[: int(rng.integers(0, 3))],
        )
        if n % 4
        else Windows()
        for n in range(count)
    ]


def test_compiled_queries_get_the_same_bits_alone_and_together(small_run: SmallRun, compiled: BundleEncoder) -> None:
    rng, words = np.random.default_rng(4), ["red", "dress", "running", "shoes", "black", "红色", "连衣裙", "adidas"]
    texts = [" ".join(rng.choice(words, rng.integers(0, 6))) for _ in range(200)]
    histories = histories_of(small_run.bundle, len(texts))
    states = [compiled.encode_users([history]) for history in histories]
    alone = np.concatenate([compiled.encode_with_states([t], s) for t, s in zip(texts, states, strict=True)])
    assert len(np.unique(alone, axis=0)) > 150, "they are different queries"
    assert compiled.texts_together == 8
    for size in (2, 3, 5, 8):
        order = rng.permutation(len(texts))  # other neighbours, at other places
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            joined = UserStates.joined([states[row] for row in rows])
            together = compiled.encode_with_states([texts[row] for row in rows], joined)
            np.testing.assert_array_equal(together, alone[rows])


def test_a_tower_that_is_not_compiled_promises_nothing_of_batches(encoder: BundleEncoder) -> None:
    assert encoder.texts_together == 1


def test_threads_get_what_one_thread_gets_from_compiled_towers(compiled: BundleEncoder) -> None:
    queries = [(f"shoes {i}", Windows()) for i in range(40)]
    alone = [compiled.encode_queries([query]) for query in queries]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda query: compiled.encode_queries([query]), queries))
    np.testing.assert_array_equal(np.concatenate(together), np.concatenate(alone))


def test_a_golden_query_that_does_not_reproduce_compiled_is_refused(small_run: SmallRun, tmp_path: Path) -> None:
    path = with_one_component_off(small_run.bundle.path, tmp_path, "query_vectors", row=2)
    with pytest.raises(BundleRefused, match=r"golden query 2 .* is 3e-05 off"):
        load_compiled_encoder(open_bundle(path))


def test_towers_without_a_half_are_refused(small_run: SmallRun, tmp_path: Path) -> None:
    shutil.copytree(small_run.bundle.path / "item_tower", tmp_path / "query_tower")
    with pytest.raises(BundleRefused, match=r"no signature encode_user: .* export it with this one"):
        load_query_tower(tmp_path)


def test_the_towers_hold_no_custom_op(small_run: SmallRun) -> None:
    import tensorflow as tf
    from tensorflow.python.framework import op_def_registry

    for tower, names in (
        ("query_tower", {"serving_default", "encode_user", "encode_query"}),
        ("item_tower", {"serving_default"}),
    ):
        signatures = tf.saved_model.load(str(small_run.bundle.path / tower)).signatures
        assert set(signatures) == names
        for signature in signatures.values():
            used = {op.type for op in signature.graph.get_operations()}
            assert used
            assert all(op_def_registry.get(op) is not None for op in used)
            assert not {"PyFunc", "EagerPyFunc"} & used
            batch = {spec.shape[0] for spec in signature.structured_input_signature[1].values()}
            assert batch == {None}, "the batch is open"
