"""The embedding job on Spark gives what one process gives."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import load_encoder
from multigrain.errors import Missing
from tests.builders import an_item, an_upsert
from tests.unit.trainer.conftest import SmallRun
from trainer.data.joining.engines.spark import check_spark, open_spark
from trainer.progress import silent
from trainer.publish.embedding.embed import embed_catalogue
from trainer.publish.embedding.embedded import open_embedded
from trainer.publish.embedding.engine import on_spark


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[SqlCatalogue]:
    try:
        check_spark()
    except Missing as missing:
        if os.environ.get("MULTIGRAIN_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(str(missing))
    engine = database.open_database(f"sqlite:///{tmp_path / 'store.db'}")
    database.upgrade(engine)
    shop = SqlCatalogue(engine)
    shop.apply([an_upsert(an_item(i, title=f"鞋 shoes number {i}")) for i in range(1, 301)])
    yield shop
    engine.dispose()


@pytest.mark.slow
def test_spark_workers_give_the_vectors_of_the_encoder(
    small_run: SmallRun, catalogue: SqlCatalogue, tmp_path: Path
) -> None:
    with open_spark(tmp_path / "scratch") as spark:
        made = embed_catalogue(
            catalogue,
            small_run.bundle,
            tmp_path / "v",
            on_spark(spark.session),
            reporter=silent,
            clock=lambda: 0.0,
        )
    assert made == 300
    encoder, items = load_encoder(small_run.bundle), [stored.item for batch in catalogue.scan(500) for stored in batch]
    with open_embedded(tmp_path / "v", encoder) as embedded:
        vectors = embedded.encode_items(items)
        assert (embedded.found, embedded.encoded) == (300, 0)
    np.testing.assert_allclose(vectors, encoder.encode_items(items), atol=1e-5)
