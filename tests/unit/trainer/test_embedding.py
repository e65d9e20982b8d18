"""Vectors made before a build are the ones that the build would have made, and are never taken for another item's."""

from pathlib import Path

import numpy as np
import pytest

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import BundleEncoder
from multigrain.errors import NotFound, Refused
from multigrain.types import Item
from tests.builders import an_item, an_upsert
from tests.unit.trainer.conftest import SmallRun
from trainer.progress import Progress, silent
from trainer.publish.embedding.embed import embed_catalogue
from trainer.publish.embedding.embedded import open_embedded
from trainer.publish.embedding.engine import in_this_process
from trainer.publish.embedding.snapshot import key_of


def items_in(catalogue: SqlCatalogue) -> list[Item]:
    return [stored.item for batch in catalogue.scan(100) for stored in batch]


def embed(catalogue: SqlCatalogue, small_run: SmallRun, folder: Path) -> Path:
    embed_catalogue(catalogue, small_run.bundle, folder, in_this_process, reporter=silent, clock=lambda: 0.0)
    return folder


def test_every_item_is_embedded_as_the_encoder_would(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue, tmp_path: Path
) -> None:
    reports: list[Progress] = []
    items = embed_catalogue(
        catalogue, small_run.bundle, tmp_path / "v", in_this_process, reporter=reports.append, clock=lambda: 0.0
    )
    assert items == 40
    assert (reports[-1].step, reports[-1].done, reports[-1].total) == ("embed", 40, 40)
    with open_embedded(tmp_path / "v", encoder) as embedded:
        vectors = embedded.encode_items(items_in(catalogue))
        assert (embedded.found, embedded.encoded) == (40, 0)
    np.testing.assert_allclose(vectors, encoder.encode_items(items_in(catalogue)), atol=1e-6)


def test_what_changed_or_came_since_is_encoded_and_takes_its_own_place(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue, tmp_path: Path
) -> None:
    folder = embed(catalogue, small_run, tmp_path / "v")
    catalogue.apply([an_upsert(an_item(7, title="a felt hat", source_version=2)), an_upsert(an_item(99, title="late"))])
    with open_embedded(folder, encoder) as embedded:
        vectors = embedded.encode_items(items_in(catalogue))
        assert (embedded.found, embedded.encoded) == (39, 2)
    np.testing.assert_allclose(vectors, encoder.encode_items(items_in(catalogue)), atol=1e-6)


def test_a_new_price_keeps_the_vector(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue, tmp_path: Path
) -> None:
    folder = embed(catalogue, small_run, tmp_path / "v")
    with open_embedded(folder, encoder) as embedded:
        embedded.encode_items([an_item(7, title="shoes number 7", price=3.5, source_version=8)])
        assert (embedded.found, embedded.encoded) == (1, 0)


def test_two_items_of_one_text_have_two_keys() -> None:
    assert key_of(an_item(1, title="hat")) != key_of(an_item(2, title="hat"))
    assert key_of(an_item(1, title="hat")) == key_of(an_item(1, title="hat", price=7.0))


def test_vectors_of_another_bundle_or_unfinished_ones_are_refused(
    small_run: SmallRun, encoder: BundleEncoder, catalogue: SqlCatalogue, tmp_path: Path
) -> None:
    folder = embed(catalogue, small_run, tmp_path / "v")
    (folder / "COMPLETE").write_text("b-other")
    with pytest.raises(Refused, match=r"made with bundle b-other, not .*: embed again"), open_embedded(folder, encoder):
        pass
    (folder / "COMPLETE").unlink()
    with pytest.raises(NotFound, match="no finished vectors"), open_embedded(folder, encoder):
        pass


def test_an_empty_catalogue_has_no_vectors_and_hinders_nothing(
    small_run: SmallRun, encoder: BundleEncoder, tmp_path: Path
) -> None:
    engine = database.open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    database.upgrade(engine)
    with open_embedded(embed(SqlCatalogue(engine), small_run, tmp_path / "v"), encoder) as embedded:
        vectors = embedded.encode_items([an_item(1)])
        assert (embedded.found, embedded.encoded) == (0, 1)
        assert embedded.encode_items([]).shape == (0, encoder.dims)
    np.testing.assert_allclose(vectors, encoder.encode_items([an_item(1)]), atol=1e-6)
    engine.dispose()
