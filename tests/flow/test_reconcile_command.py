"""`multigrain reconcile` on a real bundle and an embedded Milvus."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commands.main import EXIT_OURS, main
from multigrain import database
from multigrain.encoder import Encoder, load_encoder
from multigrain.index import specs
from multigrain.index.item_rows import item_rows
from multigrain.index.milvus import MilvusStore
from multigrain.types import Item
from tests.flow.serving import Shop
from tests.small_bundle import make_small_bundle, shop_items
from tests.small_training import small_logs

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """One live generation of an untrained model, where the settings look for it."""
    data = tmp_path / "data"
    monkeypatch.setenv("MULTIGRAIN_DATA_DIR", str(data))
    engine = database.open_database(f"sqlite:///{data / 'multigrain.db'}")
    database.upgrade(engine)
    made, logs = Shop(engine, MilvusStore(str(data / "milvus.db"))), small_logs()
    made.stock(shop_items(logs))
    bundle = make_small_bundle(tmp_path / "bundle", logs, dims=16)
    made.publish_of(load_encoder(bundle), "g-1", spec=specs.Flat(), folder=str(bundle.path))
    made.promote()
    return made


def document_of(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    [generation] = json.loads(capsys.readouterr().out)["generations"]
    return dict(generation)


def kinds(document: dict[str, object]) -> dict[str, int]:
    differences = document["differences"]
    assert isinstance(differences, list)
    return {one["kind"]: one["found"] for one in differences}


def test_it_ends_with_1_while_a_difference_is_left(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reconcile", "--json"]) == 0
    clean = document_of(capsys)
    assert (clean["generation_id"], clean["found"], clean["items"]) == ("g-1", 0, shop.catalogue.count())

    index = shop.indexes.open("g_1")
    index.delete(np.array([1, 2]))
    _give_the_vector_of_another(shop, item_no=3, encoder=next(iter(shop.encoders.values())))
    assert main(["reconcile", "--generation", "g-1", "--sample", "5000"]) == EXIT_OURS
    said = capsys.readouterr().out
    assert "missing" in said
    assert "differences are left: `multigrain reconcile --repair`" in said

    assert main(["reconcile", "--repair", "--sample", "5000", "--json"]) == 0
    repaired = document_of(capsys)
    assert (kinds(repaired), repaired["left"]) == ({"missing": 2, "wrong vector": 1}, 0)
    assert main(["reconcile", "--json"]) == 0
    assert document_of(capsys)["found"] == 0
    assert main(["reconcile", "--generation", "g-9"]) == EXIT_OURS


def _give_the_vector_of_another(shop: Shop, *, item_no: int, encoder: Encoder) -> None:
    [stored] = shop.catalogue.sample([item_no])
    other: Item = replace(stored.item, title="quite another thing", brand="", category_path=("",), shop="")
    shop.indexes.open("g_1").upsert(item_rows([stored], -encoder.encode_items([other])))
