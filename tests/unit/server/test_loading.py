"""What a server takes out of a bundle beside its towers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from multigrain import cut_off, key_terms
from multigrain.bundle import BundleFacts, Manifest, open_bundle, seal
from multigrain.cut_off import CutOff
from multigrain.errors import BundleRefused
from multigrain.features.inputs import TextLengths
from multigrain.features.windows import WindowConfig
from multigrain.index import specs
from multigrain.index.exact import ExactIndexStore
from multigrain.text.analyzer import NAME
from server.generations.live import LiveGeneration
from server.generations.loading import loader, reopener
from tests.builders import WordEncoder
from tests.unit.server.test_live import a_generation

DIMS = 4
CUT = CutOff(
    slope_weights=np.zeros(DIMS, np.float32),
    slope_bias=0.0,
    offset_weights=np.zeros(DIMS, np.float32),
    offset_bias=1.0,
    least=0.5,
)


def sealed(folder: Path) -> Manifest:
    """A bundle without towers: who loads it brings them."""
    facts = BundleFacts(
        model="words",
        dims=DIMS,
        analyzer=NAME,
        text=TextLengths(),
        windows=WindowConfig(),
        trained_from_ms=0,
        trained_to_ms=1,
        scores={},
        created_ms=1,
    )
    return seal(folder, facts)


def loaded(folder: Path, manifest: Manifest) -> LiveGeneration:
    """As a server loads it; its index is opened twice."""
    encoder = WordEncoder(DIMS)
    encoder.bundle_id = manifest.bundle_id
    generation = replace(
        a_generation("g-1"),
        bundle_id=manifest.bundle_id,
        bundle_path=str(folder),
        dims=DIMS,
        collection="g_1",
        index_spec=specs.to_dict(specs.Flat()),
    )
    indexes = ExactIndexStore()
    indexes.create("g_1", dims=DIMS, spec=specs.Flat())
    live = loader(indexes, lambda bundle: encoder)(generation)
    return reopener(indexes)(live, generation)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    key_terms.save([], tmp_path / "relevance")
    return tmp_path


def test_the_cut_off_of_a_bundle_is_that_of_its_generation(folder: Path) -> None:
    cut_off.save(CUT, folder / "relevance")

    live = loaded(folder, sealed(folder))

    assert live.cut_off is not None
    assert (live.cut_off.offset_bias, live.cut_off.least) == (1.0, 0.5)


def test_a_bundle_without_a_cut_off_serves_without(folder: Path) -> None:
    assert loaded(folder, sealed(folder)).cut_off is None


def test_a_cut_off_that_was_changed_or_fits_other_towers_is_refused(folder: Path) -> None:
    weights = np.zeros(DIMS + 1, np.float32)
    cut_off.save(replace(CUT, slope_weights=weights, offset_weights=weights), folder / "relevance")
    manifest = sealed(folder)
    with pytest.raises(BundleRefused, match=r"cut_off\.npz: slope_weights are of shape \(5,\)"):
        loaded(folder, manifest)

    cut_off.save(CUT, folder / "relevance")
    with pytest.raises(BundleRefused, match=r"cut_off\.npz: was changed after the export"):
        open_bundle(folder)
