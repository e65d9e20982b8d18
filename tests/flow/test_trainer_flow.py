"""The trainer's whole story on a small shop: logs in, a ready generation in Milvus Lite and SQL out."""

import json
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import load_encoder
from multigrain.errors import GateRefused, NotFound
from multigrain.events import ItemUpserted
from multigrain.features.windows import Windows
from multigrain.finished import MARK
from multigrain.index.milvus import MilvusStore
from multigrain.index.planner import plan
from multigrain.registry.generation import Generation, GenerationState
from multigrain.registry.sql import SqlRegistry
from multigrain.settings import GateSettings, GenerationSettings
from multigrain.types import GenerationId
from tests.builders import NOON_MS
from tests.small_training import small_config, small_logs
from trainer.configs.config import TrainingConfig
from trainer.data.logs import items_of, write_logs
from trainer.flow import Candidate, find_candidate, make_candidate, publish
from trainer.progress import Progress, silent
from trainer.publish.index_build import Stores

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("trainer-flow")
    write_logs(root / "logs", small_logs())
    return root


def run(
    folder: Path,
    config: TrainingConfig | None = None,
    *,
    work: Path | None = None,
    given_examples: Path | None = None,
    start_from: Path | None = None,
) -> tuple[Candidate, Counter[str]]:
    """The candidate, and how often each step was begun."""
    reports: list[Progress] = []
    candidate = make_candidate(
        folder / "logs",
        work or folder / "work",
        config or small_config(),
        reporter=reports.append,
        clock=time.monotonic,
        clock_ms=lambda: NOON_MS,
        given_examples=given_examples,
        start_from=start_from,
    )
    return candidate, Counter(report.step for report in reports if (report.done, report.total) == (0, 1))


def test_a_broken_run_goes_on_where_it_stopped(folder: Path) -> None:
    first, begun = run(folder)
    assert begun == {"examples": 1, "towers": 1, "neighbors": 1, "key_terms": 1, "export": 1, "evaluation": 1}
    assert not list((folder / "work" / "checkpoints").rglob("*.npz")), "a finished run needs none"

    again, begun = run(folder)
    assert begun == {}, "everything is there"
    assert again.bundle.bundle_id == first.bundle.bundle_id

    (folder / "work" / "towers" / MARK).unlink()
    _, begun = run(folder)
    assert begun == {"towers": 1}, "what followed is still made from the same logs and config"

    (folder / "work" / "evaluation" / MARK).unlink()
    (folder / "work" / "evaluation" / "report.json").write_text("half a rep")
    recovered, begun = run(folder)
    assert begun == {"evaluation": 1}
    assert recovered.report.scores == pytest.approx(first.report.scores)
    assert find_candidate(folder / "work").report == recovered.report


def test_another_config_is_another_model_from_the_same_examples(folder: Path) -> None:
    _, begun = run(folder, small_config(run={"seed": 1}))
    assert begun == {"towers": 1, "export": 1, "evaluation": 1}


def test_other_neighbours_are_another_bundle_of_the_same_towers(folder: Path) -> None:
    first, _ = run(folder)
    second, begun = run(folder, small_config(neighbors={"per_item": 3}))
    assert begun == {"neighbors": 1, "export": 1, "evaluation": 1}
    assert second.bundle.bundle_id != first.bundle.bundle_id
    assert int(np.diff(second.bundle.neighbors().starts).max()) == 3
    assert second.report.scores == first.report.scores, "they are the same towers"

    without, _ = run(folder, small_config(neighbors={"per_item": 0}))
    assert len(without.bundle.neighbors()) == 0
    assert not (without.bundle.path / "neighbors").exists()


def test_what_the_towers_do_not_depend_on_may_change(folder: Path) -> None:
    run(folder)
    _, begun = run(folder, small_config(run={"checkpoint_minutes": 1.0, "recall_steps": 7}))
    assert begun == {}


def test_examples_made_before_give_the_same_towers(folder: Path, tmp_path: Path) -> None:
    first, _ = run(folder)
    shards = {path.name: path.read_bytes() for path in first.examples.iterdir()}
    given, begun = run(folder, work=tmp_path / "work", given_examples=first.examples)
    assert begun == {"examples": 1, "towers": 1, "neighbors": 1, "key_terms": 1, "export": 1, "evaluation": 1}
    assert given.report.scores == first.report.scores
    assert {path.name: path.read_bytes() for path in first.examples.iterdir()} == shards, "the given ones stay"
    assert find_candidate(tmp_path / "work").examples == tmp_path / "work" / "examples"

    _, begun = run(folder, work=tmp_path / "work", given_examples=first.examples)
    assert begun == {}


def losses(work: Path) -> list[float]:
    found: list[float] = json.loads((work / "towers" / "losses.json").read_text())
    return found


def test_a_warm_start_goes_on_at_about_the_old_loss(folder: Path, tmp_path: Path) -> None:
    model = {"name": "text"}  # the smallest one: how towers are filled does not depend on which they are
    cold, _ = run(folder, small_config(model=model, run={"epochs": 8}), work=tmp_path / "cold")
    again = small_config(model=model, run={"epochs": 4})
    run(folder, again, work=tmp_path / "warm", start_from=tmp_path / "cold")
    before, after = losses(tmp_path / "cold"), losses(tmp_path / "warm")
    assert after[0] < (before[0] + before[-1]) / 2, "nearer to where it ended than to where it began"

    run(folder, again, work=tmp_path / "from bundle", start_from=cold.bundle.path)
    assert losses(tmp_path / "from bundle") == after, "a bundle holds all that is needed"


def test_a_warm_start_needs_a_finished_run(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="holds no trained towers"):
        run(folder, work=tmp_path / "work", start_from=tmp_path / "nothing")


def test_an_unfinished_run_has_no_candidate(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="examples is not finished"):
        find_candidate(tmp_path)


def test_a_candidate_becomes_a_ready_generation(folder: Path, tmp_path: Path) -> None:
    candidate, _ = run(folder)
    engine = database.open_database(f"sqlite:///{tmp_path / 'store.db'}")
    database.upgrade(engine)
    catalogue = SqlCatalogue(engine)
    items = list(items_of(small_logs()))
    catalogue.apply([ItemUpserted(event_id=item.item_id, at_ms=NOON_MS, item=item) for item in items])
    indexes = MilvusStore(str(tmp_path / "milvus.db"))
    stores = Stores(catalogue=catalogue, registry=SqlRegistry(engine), indexes=indexes)

    def published(name: str, rules: GateSettings, override: str = "") -> Generation:
        return publish(
            candidate,
            stores,
            generation_id=GenerationId(name),
            bundles=tmp_path / "bundles",
            spec=plan(len(items), candidate.bundle.manifest.dims, 100, lite=True).spec,
            settings=GenerationSettings(),  # type: ignore[call-arg]  # pydantic fills defaults
            rules=rules,
            override=override,
            reporter=silent,
            clock=time.monotonic,
            clock_ms=lambda: NOON_MS,
        )

    try:
        generation = published("g-1", GateSettings())  # type: ignore[call-arg]  # as above
        assert generation.state is GenerationState.READY
        assert generation.scores["canary_recall"] >= 0.98
        assert Path(generation.bundle_path) == tmp_path / "bundles" / candidate.bundle.bundle_id

        found = indexes.open(generation.collection).search(
            load_encoder(candidate.bundle).encode_queries([("running shoes", Windows())]), 5, timeout_seconds=30
        )
        known = {stored.item_no for batch in catalogue.scan(1000) for stored in batch}
        assert set(found.item_nos[0].tolist()) <= known

        stores.registry.promote(GenerationId("g-1"))
        perfect = GateSettings(at_least={"recall@100": 1.0})  # type: ignore[call-arg]  # as above
        with pytest.raises(GateRefused, match=r"recall@100 of all is 0\.\d+ .*, 1 is its floor"):
            published("g-2", perfect)
        assert [row.generation_id for row in stores.registry.list()] == ["g-1"], "refused before anything was built"

        overridden = published("g-2", perfect, override="wanted all the same")
        assert (overridden.verdict.passed, overridden.verdict.against) == (False, "g-1")
        stores.registry.promote(GenerationId("g-2"))
        assert stores.registry.get(GenerationId("g-2")).override == "wanted all the same"

        same_again = published("g-3", GateSettings())  # type: ignore[call-arg]  # as above
        assert (same_again.verdict.passed, same_again.verdict.against) == (True, "g-2"), "no worse than itself"
    finally:
        indexes.close()
        engine.dispose()
