"""One small training run, its encoder, and a catalogue of forty pairs of shoes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from multigrain import database
from multigrain.bundle import Bundle
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import BundleEncoder, load_encoder
from tests.builders import an_item, an_upsert
from tests.small_training import small_config, small_logs
from trainer.configs.config import TrainingConfig
from trainer.data.logs import Logs, write_logs
from trainer.flow import Candidate, make_candidate
from trainer.progress import Progress


@dataclass(frozen=True)
class SmallRun:
    """Everything a run left behind."""

    logs: Logs
    logs_folder: Path
    work: Path
    config: TrainingConfig
    candidate: Candidate
    reports: list[Progress]

    @property
    def bundle(self) -> Bundle:
        return self.candidate.bundle


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    root = tmp_path_factory.mktemp("small-run")
    logs, config = small_logs(), small_config()
    write_logs(root / "logs", logs)
    reports: list[Progress] = []
    candidate = make_candidate(
        root / "logs", root / "work", config, reporter=reports.append, clock=lambda: 0.0, clock_ms=lambda: 1234
    )
    return SmallRun(logs, root / "logs", root / "work", config, candidate, reports)


@pytest.fixture(scope="session")
def encoder(small_run: SmallRun) -> BundleEncoder:
    return load_encoder(small_run.bundle)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[SqlCatalogue]:
    engine = database.open_database(f"sqlite:///{tmp_path / 'store.db'}")
    database.upgrade(engine)
    shop = SqlCatalogue(engine)
    shop.apply([an_upsert(an_item(i, title=f"shoes number {i}")) for i in range(1, 41)])
    yield shop
    engine.dispose()
