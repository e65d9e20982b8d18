"""`multigrain canary` on a real bundle and an embedded Milvus."""

import json
from pathlib import Path

import numpy as np
import pytest

from commands.main import EXIT_OURS, main
from multigrain import database
from multigrain.encoder import load_encoder
from multigrain.index import specs
from multigrain.index.milvus import MilvusStore
from tests.flow.serving import Shop
from tests.small_bundle import make_small_bundle, shop_items
from tests.small_training import small_logs

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """One live generation of an untrained model, where the settings look for it."""
    data = tmp_path / "data"
    monkeypatch.setenv("MULTIGRAIN_DATA_DIR", str(data))
    monkeypatch.setenv("MULTIGRAIN_GENERATION_CANARY_K", "20")
    engine = database.open_database(f"sqlite:///{data / 'multigrain.db'}")
    database.upgrade(engine)
    made, logs = Shop(engine, MilvusStore(str(data / "milvus.db"))), small_logs()
    made.stock(shop_items(logs))
    bundle = make_small_bundle(tmp_path / "bundle", logs, dims=16)
    made.publish_of(load_encoder(bundle), "g-1", spec=specs.Flat(), folder=str(bundle.path))
    made.promote()
    return made


def test_a_right_index_ends_with_0_and_a_broken_one_with_1(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["canary", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    figures = {figure["name"]: figure for figure in document["figures"]}
    assert (document["generation_id"], document["verdict"]) == ("g-1", "passed")
    assert figures["recall@20"]["holds"]
    assert figures["wrong scores"]["value"] == 0
    shop.indexes.open("g_1").delete(np.arange(1, 200, 3))
    assert main(["canary", "g-1"]) == EXIT_OURS
    said = capsys.readouterr().out
    assert "refused: it finds 0.6" in said
