"""A bundle with one changed byte is refused, by the name of the file."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from multigrain.bundle import MANIFEST, Bundle, BundleFacts, open_bundle, seal
from multigrain.errors import BundleRefused
from multigrain.features.inputs import TextLengths
from multigrain.features.windows import WindowConfig
from multigrain.finished import MARK, write_mark
from multigrain.text.analyzer import NAME
from tests.unit.trainer.conftest import SmallRun


@pytest.fixture
def copied(small_run: SmallRun, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_run.bundle.path, tmp_path / "bundle"))


def every_file(bundle: Bundle) -> list[str]:
    return [*bundle.manifest.files, MANIFEST, MARK]


def test_a_copied_bundle_opens_and_says_what_it_is(small_run: SmallRun, copied: Path) -> None:
    bundle, config = open_bundle(copied), small_run.config
    assert bundle.manifest == small_run.bundle.manifest
    assert bundle.bundle_id.startswith("mgdspr-")
    assert (bundle.manifest.dims, bundle.manifest.metric, bundle.manifest.analyzer) == (16, "IP", NAME)
    assert bundle.windows == config.windows.to_floor()
    assert bundle.text == config.text.to_floor()
    assert bundle.manifest.created_ms == 1234
    assert bundle.manifest.trained_to_ms == small_run.logs.last_ms + 1 - 86_400_000
    folders = {name.split("/")[0] for name in bundle.manifest.files}
    tables = {"vocabulary", "relevance", "neighbors"}
    assert folders == {"query_tower", "item_tower", *tables, "golden.npz", "training.json"}


def test_one_changed_byte_anywhere_is_refused(small_run: SmallRun, copied: Path) -> None:
    rng = np.random.default_rng(0)
    for name in every_file(small_run.bundle):
        file = copied / name
        before = file.read_bytes()
        if before:
            changed = bytearray(before)
            changed[rng.integers(len(changed))] ^= 1
            file.write_bytes(changed)
            with pytest.raises(BundleRefused, match=MANIFEST if name == MARK else name.replace(".", r"\.")):
                open_bundle(copied)
            file.write_bytes(before)
    open_bundle(copied)


def test_a_missing_file_is_refused_by_name(small_run: SmallRun, copied: Path) -> None:
    for name in small_run.bundle.manifest.files:
        (copied / name).rename(copied.parent / "aside")
        with pytest.raises(BundleRefused, match=f"{name}: is missing"):
            open_bundle(copied)
        (copied.parent / "aside").rename(copied / name)


def test_a_file_that_nobody_listed_is_refused(copied: Path) -> None:
    (copied / "relevance" / "extra.json").write_text("{}")
    with pytest.raises(BundleRefused, match=r"relevance/extra\.json: is not in the manifest"):
        open_bundle(copied)


def test_a_link_in_place_of_a_file_is_seen(copied: Path) -> None:
    (copied / "elsewhere").symlink_to(copied.parent)
    with pytest.raises(BundleRefused, match="elsewhere: is not in the manifest"):
        open_bundle(copied)


def test_a_bundle_without_its_mark_is_refused(copied: Path) -> None:
    (copied / MARK).unlink()
    with pytest.raises(BundleRefused, match="no COMPLETE"):
        open_bundle(copied)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="no COMPLETE"):
        open_bundle(tmp_path / "nothing")


def test_a_manifest_of_a_later_version_is_refused_by_its_key(copied: Path) -> None:
    import hashlib

    text = (copied / MANIFEST).read_text().replace('"metric": "IP"', '"metric": "IP",\n "quantisation": "int8"')
    (copied / MANIFEST).write_text(text)
    write_mark(copied, hashlib.sha256(text.encode()).hexdigest())
    with pytest.raises(BundleRefused, match="quantisation"):
        open_bundle(copied)


def test_the_id_follows_the_files_alone(tmp_path: Path) -> None:
    ids = []
    for name, content, created_ms in (("a", "x", 1), ("b", "x", 2), ("c", "y", 1)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "weights").write_text(content)
        facts = BundleFacts(
            model="toy",
            dims=2,
            analyzer=NAME,
            text=TextLengths(),
            windows=WindowConfig(realtime_hours=1.5),
            trained_from_ms=0,
            trained_to_ms=1,
            scores={},
            created_ms=created_ms,
        )
        ids.append(seal(folder, facts).bundle_id)
        assert open_bundle(folder).windows == WindowConfig(realtime_hours=1.5)
    assert ids[0] == ids[1] != ids[2]


def test_key_terms_of_the_catalogue_are_inside(small_run: SmallRun) -> None:
    terms = {(term.kind.value, term.value) for term in small_run.bundle.key_terms()}
    item = small_run.logs.catalog.slice(0, 1).to_pylist()[0]
    assert ("brand", item["brand"]) in terms
    assert ("category", "/".join(item["category_path"])) in terms


def test_neighbours_were_chosen_by_one_user_before_the_end_of_training(small_run: SmallRun) -> None:
    end = small_run.bundle.manifest.trained_to_ms
    chosen: dict[str, set[str]] = {}
    for event in small_run.logs.events.to_pylist():
        if event["at_ms"] < end:
            chosen.setdefault(event["item_id"], set()).add(event["user_id"])
    table = small_run.bundle.neighbors()
    whose, others, alike = table.around(np.arange(len(table)))
    assert len(others) > len(table) > 20
    assert np.all(alike > 0)
    names = table.ids_of(np.arange(len(table)))
    pairs = [(names[one], names[other]) for one, other in zip(whose.tolist(), others.tolist(), strict=True)]
    assert [pair for pair in pairs if not chosen[pair[0]] & chosen[pair[1]]] == []
    later = {event["item_id"] for event in small_run.logs.events.to_pylist()} - set(chosen)
    assert later, "otherwise nothing is proven by the next line"
    assert later.isdisjoint(names)


def test_a_bundle_without_neighbours_opens_and_has_none(small_run: SmallRun, copied: Path) -> None:
    facts = small_run.bundle
    for name in ("neighbors", MANIFEST, MARK):
        shutil.rmtree(copied / name) if (copied / name).is_dir() else (copied / name).unlink()
    seal(
        copied,
        BundleFacts(
            model=facts.manifest.model,
            dims=facts.manifest.dims,
            analyzer=facts.manifest.analyzer,
            text=facts.text,
            windows=facts.windows,
            trained_from_ms=0,
            trained_to_ms=1,
            scores={},
            created_ms=1,
        ),
    )
    assert len(open_bundle(copied).neighbors()) == 0
