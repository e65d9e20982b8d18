"""`multigrain index`: a plan for what is there, and a real index tuned and searched with what was chosen."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from benchmarks.vectors import clustered, index_rows
from commands.main import main
from commands.output import Output
from commands.tuning.queries import recent_texts
from commands.tuning.run import Wanted, tune_index
from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.errors import WrongState
from multigrain.events import ItemUpserted
from multigrain.features.sql import SqlFeatureStore
from multigrain.index import specs
from multigrain.index.milvus import MilvusStore
from multigrain.index.specs import IndexSpec, IvfFlat, IvfPq
from multigrain.registry.generation import Evaluated, Generation, GenerationState
from multigrain.registry.sql import SqlRegistry
from multigrain.types import Float32s, GenerationId
from tests.builders import NOON_MS, a_user_query, an_item, an_upsert
from tests.integration.programs import run
from tests.small_training import small_config, small_logs
from trainer.data.logs import items_of, write_logs
from trainer.flow import make_candidate
from trainer.progress import silent

Said = pytest.CaptureFixture[str]
DIMS, ROWS, K = 32, 8_000, 500
RECALL = 0.95


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    """The SQL store that the settings name, its schema upgraded."""
    monkeypatch.setenv("MULTIGRAIN_DATA_DIR", str(tmp_path))
    opened = database.open_database(f"sqlite:///{tmp_path / 'multigrain.db'}")
    database.upgrade(opened)
    return opened


def published(engine: sa.Engine, spec: IndexSpec, collection: str = "items_g_1") -> Generation:
    """A generation that is ready, in the registry."""
    registry = SqlRegistry(engine)
    generation = Generation(
        generation_id=GenerationId("g-1"),
        state=GenerationState.BUILDING,
        bundle_id="b-1",
        bundle_path="bundles/b-1",
        collection=collection,
        index_spec=specs.to_dict(spec),
        dims=DIMS,
        catalogue_revision=0,
        created_ms=NOON_MS,
        changed_ms=NOON_MS,
    )
    registry.create(generation)
    registry.mark_ready(generation.generation_id, Evaluated())
    return generation


def filled(store: MilvusStore, name: str, spec: IndexSpec) -> Float32s:
    """An index of clustered vectors, built; item_no 1 is the first row."""
    vectors = clustered(ROWS, DIMS, seed=1)
    index = store.create(name, dims=DIMS, spec=spec)
    index.fill(index_rows(vectors))
    index.finish()
    # For ten seconds and more after a build a server of 2.3 goes on comparing each row, which finds everything.
    index.release()
    index.load()
    return vectors


@pytest.mark.slow
def test_the_chosen_setting_finds_enough_the_next_cheaper_does_not_and_searches_use_it(
    engine: sa.Engine, milvus_uri: str, milvus_prefix: str, tmp_path: Path, capsys: Said
) -> None:
    store, built = MilvusStore(milvus_uri), IvfFlat(nlist=128, nprobe=1)
    name = f"{milvus_prefix}tuned"
    vectors = filled(store, name, built)
    generation = published(engine, built, name)
    queries = clustered(40, DIMS, seed=2)
    registry = SqlRegistry(engine)

    code = tune_index(
        generation,
        registry,
        store,
        queries,
        Wanted(k=K, recall=RECALL, queries=40),
        tmp_path / "curve",
        Output(as_json=True),
    )

    assert code == 0
    said = json.loads(capsys.readouterr().out)
    kept = specs.from_dict(registry.get(generation.generation_id).index_spec)
    assert isinstance(kept, IvfFlat)
    assert specs.same_build(kept, built)
    assert said["spec"] == specs.to_dict(kept)
    truth = np.argsort(-(queries @ vectors.T), axis=1)[:, :K] + 1

    def recall_of(spec: IvfFlat) -> float:
        found = store.open(name, spec=spec).search(queries, K, timeout_seconds=30).item_nos
        return float(np.mean([len(np.intersect1d(*rows)) / K for rows in zip(found, truth, strict=True)]))

    curve = {int(point["setting"].removeprefix("nprobe ")): point for point in said["curve"]}
    cheaper = [nprobe for nprobe in curve if nprobe < kept.nprobe]
    assert recall_of(kept) >= RECALL
    assert cheaper, "one cell does not find it"
    assert recall_of(replace(kept, nprobe=max(cheaper))) < RECALL
    for nprobe in (kept.nprobe, max(cheaper)):
        assert curve[nprobe]["recall"] == pytest.approx(recall_of(replace(kept, nprobe=nprobe)), abs=0.002)
    assert all(0 < point["median_ms"] <= point["p95_ms"] for point in curve.values())
    assert [figure["holds"] for figure in said["figures"] if "target" in figure] == [True]
    assert {path.name for path in (tmp_path / "curve").iterdir()} == {"curve.svg", "curve.png"}


@pytest.mark.slow
def test_where_no_setting_finds_enough_nothing_is_kept(
    engine: sa.Engine, milvus_uri: str, milvus_prefix: str, tmp_path: Path, capsys: Said
) -> None:
    store, built = MilvusStore(milvus_uri), IvfPq(nlist=16, nprobe=4, m=1, nbits=4)
    name = f"{milvus_prefix}coarse"
    filled(store, name, built)
    generation = published(engine, built, name)

    wanted = Wanted(k=50, recall=0.99, queries=20)
    queries = clustered(20, DIMS, seed=2)
    code = tune_index(generation, SqlRegistry(engine), store, queries, wanted, tmp_path / "o", Output(as_json=False))

    assert code == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "no setting finds 0.99, the best 0." in said
    assert "Ask for less with --recall, or build another kind" in said
    assert SqlRegistry(engine).get(generation.generation_id).index_spec == specs.to_dict(built)


def test_an_empty_index_is_refused(engine: sa.Engine, tmp_path: Path) -> None:
    store = MilvusStore(str(tmp_path / "milvus.db"))
    store.create("items_g_1", dims=DIMS, spec=IvfFlat())
    wanted, queries = Wanted(k=50, recall=0.9, queries=20), clustered(20, DIMS, seed=2)

    with pytest.raises(WrongState, match="the index of g-1 is empty"):
        tune_index(
            published(engine, IvfFlat()), SqlRegistry(engine), store, queries, wanted, tmp_path, Output(as_json=True)
        )


@pytest.mark.parametrize("kind", ["FLAT", "MEMORY_SCAN"])
def test_what_compares_each_has_nothing_to_tune(engine: sa.Engine, capsys: Said, kind: str) -> None:
    published(engine, specs.spec_named(kind))

    assert main(["index", "tune", "--generation", "g-1"]) == 0
    assert f"nothing to tune: {kind} has no parameter of a search" in capsys.readouterr().out


def test_tuning_what_is_not_there_is_refused(engine: sa.Engine, capsys: Said) -> None:
    assert main(["index", "tune"]) == 1
    assert "no generation is live: promote one, or name one with --generation" in capsys.readouterr().err
    published(engine, IvfFlat())
    assert main(["index", "tune", "--generation", "g-1", "--k", "20000"]) == 2
    assert "k: IVF_FLAT cannot return 20,000: ask for 1 to 16,384" in capsys.readouterr().err
    assert main(["index", "tune", "--recall", "98"]) == 2
    assert "--recall: is 98.0: give a share above 0" in capsys.readouterr().err


def test_recent_texts_are_the_newest_each_once(engine: sa.Engine) -> None:
    asked = [("hat", 30), ("shoes", 20), ("hat", 10), ("coat", 5)]
    SqlFeatureStore(engine).record([], [a_user_query(text, minutes_ago=ago) for text, ago in asked])

    assert recent_texts(engine, 100) == ["coat", "hat", "shoes"]
    assert recent_texts(engine, 2) == ["coat", "hat"]


def test_a_plan_is_made_for_what_is_there(engine: sa.Engine, capsys: Said) -> None:
    assert main(["index", "plan"]) == 2
    assert "--items: not given, and there is no catalogue" in capsys.readouterr().err
    SqlCatalogue(engine).apply([an_upsert(an_item(number)) for number in range(1, 8)])
    assert main(["index", "plan"]) == 2
    assert "--dims: not given, and no generation is live" in capsys.readouterr().err
    published(engine, IvfFlat())
    SqlRegistry(engine).promote(GenerationId("g-1"), override="nothing is evaluated here")

    assert main(["index", "plan"]) == 0

    said = capsys.readouterr().out
    assert f"7 x {DIMS}, k = 10,000, Milvus Lite" in said
    assert "FLAT: Milvus Lite is exact with FLAT, and 7 items are few" in said


def test_a_plan_for_other_sizes_and_machines_needs_no_shop(capsys: Said) -> None:
    sizes = ["--items", "1000000", "--dims", "128", "--milvus", "server"]

    assert main(["index", "plan", *sizes, "--k", "9600", "--scan-memory-gb", "1", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["spec"] == {"kind": "MEMORY_SCAN", "partitions": 1, "bits": 8}
    assert {other["kind"] for other in planned["alternatives"]} == {kind.kind for kind in specs.KINDS} - {"MEMORY_SCAN"}

    assert main(["index", "plan", *sizes, "--kind", "GPU_CAGRA", "--k", "100", "--gpu-memory-gb", "0.5"]) == 2
    assert "need 0.9 GB of GPU memory as GPU_CAGRA, 0.5 GB are there" in capsys.readouterr().err


@pytest.mark.slow
def test_a_published_generation_is_tuned_by_its_golden_and_its_users_queries(engine: sa.Engine, tmp_path: Path) -> None:
    """Whole programs over Milvus Lite: a bundle trained, published as IVF_FLAT, tuned."""
    logs = small_logs()
    write_logs(tmp_path / "logs", logs)
    make_candidate(
        tmp_path / "logs",
        tmp_path / "work",
        small_config(),
        reporter=silent,
        clock=time.monotonic,
        clock_ms=lambda: NOON_MS,
    )
    SqlCatalogue(engine).apply(
        [ItemUpserted(event_id=item.item_id, at_ms=NOON_MS, item=item) for item in items_of(logs)]
    )
    SqlFeatureStore(engine).record([], [a_user_query(f"shoes {n}", minutes_ago=n + 1) for n in range(50)])
    environment = {"MULTIGRAIN_DATA_DIR": str(tmp_path), "MULTIGRAIN_GENERATION_INDEX_KIND": "IVF_FLAT"}
    generation = json.loads(run(["publish", str(tmp_path / "work"), "--json"], environment, tmp_path))["generation_id"]
    tune = ["index", "tune", "--generation", generation, "--k", "20", "--recall", "0.9", "--queries", "30"]

    said = run(tune, environment, tmp_path)

    assert "30 queries: 5 golden of the bundle, 25 of users" in said
    kept = specs.from_dict(SqlRegistry(engine).get(generation).index_spec)
    assert isinstance(kept, IvfFlat)
    assert f"keeps nprobe {kept.nprobe}:" in said
    assert (tmp_path / "tuning" / generation / "curve.png").is_file()
