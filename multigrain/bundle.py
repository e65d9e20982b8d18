"""A model bundle on disk: a folder whose every byte is accounted for.

    manifest.json      what it is, and the SHA-256 of every other file
    query_tower/       SavedModel, numeric inputs, no custom ops
    item_tower/        the same
    vocabulary/        grains and ids -> integers
    relevance/         the key-term dictionary, and the cut-off, which may be absent
    neighbors/         item to item; may be absent
    golden.npz         examples that must reproduce
    COMPLETE           written last; holds the SHA-256 of the manifest

Knows nothing of TensorFlow: `multigrain.encoder` runs the towers.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from multigrain import cut_off, golden, key_terms, neighbors
from multigrain.cut_off import CutOff
from multigrain.errors import BundleRefused
from multigrain.features.inputs import TextLengths, Vocabularies
from multigrain.features.windows import WindowConfig
from multigrain.finished import MARK, mark_of, write_mark
from multigrain.golden import Golden
from multigrain.key_terms import KeyTerm
from multigrain.neighbors import Neighbors

MANIFEST = "manifest.json"
QUERY_TOWER = "query_tower"
ITEM_TOWER = "item_tower"
VOCABULARY = "vocabulary"
RELEVANCE = "relevance"
NEIGHBORS = "neighbors"

READ_AT_ONCE = 1 << 20


class Manifest(BaseModel):
    """What a bundle is. An unknown key is refused: it was written by a newer version than this one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bundle_id: str
    """The model's name and a hash of every file: the same towers have the same id."""
    model: str
    dims: int
    metric: Literal["IP"]
    analyzer: str
    """Name and version of the analyzer that its vocabularies were built with."""
    text: dict[str, int]
    windows: dict[str, float]
    trained_from_ms: int
    trained_to_ms: int
    """Training saw nothing at or after it."""
    scores: dict[str, float]
    """What was known when it was made, e.g. {'loss': 2.1}; evaluation comes after and is kept with the generation."""
    created_ms: int
    files: dict[str, str]
    """Path inside the folder -> SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleFacts:
    """What the maker of a bundle knows of it beside its files."""

    model: str
    dims: int
    analyzer: str
    text: TextLengths
    windows: WindowConfig
    trained_from_ms: int
    trained_to_ms: int
    scores: Mapping[str, float]
    created_ms: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was checked when it was opened."""

    path: Path
    manifest: Manifest

    @property
    def bundle_id(self) -> str:
        return self.manifest.bundle_id

    @property
    def text(self) -> TextLengths:
        return TextLengths(**self.manifest.text)

    @property
    def windows(self) -> WindowConfig:
        return WindowConfig(**_whole(self.manifest.windows))

    def vocabularies(self) -> Vocabularies:
        return Vocabularies.load(self.path / VOCABULARY)

    def key_terms(self) -> tuple[KeyTerm, ...]:
        return key_terms.load(self.path / RELEVANCE)

    def cut_off(self) -> CutOff | None:
        """None: the bundle has none."""
        return cut_off.load(self.path / RELEVANCE, dims=self.manifest.dims)

    def neighbors(self) -> Neighbors:
        """Empty when the bundle has none."""
        return neighbors.load(self.path / NEIGHBORS)

    def golden(self) -> Golden:
        return golden.load(self.path)


def seal(folder: Path, facts: BundleFacts) -> Manifest:
    """Hashes every file in `folder`, writes the manifest, then the mark. Nothing may be written after it."""
    files = {name: _sha256(folder / name) for name in _files_in(folder)}
    content = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    manifest = Manifest(
        bundle_id=f"{facts.model}-{content[:12]}",
        model=facts.model,
        dims=facts.dims,
        metric="IP",
        analyzer=facts.analyzer,
        text=asdict(facts.text),
        windows=asdict(facts.windows),
        trained_from_ms=facts.trained_from_ms,
        trained_to_ms=facts.trained_to_ms,
        scores=dict(facts.scores),
        created_ms=facts.created_ms,
        files=files,
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    write_mark(folder, _sha256(folder / MANIFEST))
    return manifest


def open_bundle(path: Path) -> Bundle:
    """The bundle in `path`, every byte checked. Raises BundleRefused naming the file that is wrong."""
    mark = mark_of(path)
    if mark is None:
        raise BundleRefused(f"{path}: no {MARK}: not a bundle, or its export was cut short: export it again")
    if not (path / MANIFEST).is_file() or _sha256(path / MANIFEST) != mark:
        raise BundleRefused(
            f"{path / MANIFEST}: is not what {MARK} says: it was changed after the export; copy it again"
        )
    manifest = _read_manifest(path / MANIFEST)
    present = _files_in(path)
    for name in sorted(set(manifest.files) | set(present)):
        if name not in present:
            raise BundleRefused(f"{path / name}: is missing: copy the bundle again")
        if name not in manifest.files:
            raise BundleRefused(f"{path / name}: is not in the manifest: remove it, or copy the bundle again")
        if _sha256(path / name) != manifest.files[name]:
            raise BundleRefused(f"{path / name}: was changed after the export: copy the bundle again")
    return Bundle(path, manifest)


def _read_manifest(path: Path) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
        TextLengths(**manifest.text)
        WindowConfig(**_whole(manifest.windows))
    except ValidationError as error:
        first = error.errors()[0]
        raise _foreign(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except TypeError as error:
        raise _foreign(path, str(error)) from None
    return manifest


def _foreign(path: Path, problem: str) -> BundleRefused:
    return BundleRefused(f"{path}: {problem}: it was written by another version of multigrain; export it with this one")


def _files_in(folder: Path) -> list[str]:
    """Every file but the manifest and the mark, as a path inside the folder. A link counts as a file."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(name for path in found if (name := path.relative_to(folder).as_posix()) not in (MANIFEST, MARK))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(READ_AT_ONCE):
            digest.update(chunk)
    return digest.hexdigest()


def _whole(values: Mapping[str, float]) -> dict[str, Any]:  # Any: each field has its own type
    """Lengths come back from JSON as 50.0 and must be 50."""
    return {name: int(value) if float(value).is_integer() else value for name, value in values.items()}
