"""A trained teacher on disk, and how good an item is for a query according to it.

manifest.json   what it is, what it was measured at, and the SHA-256 of the other files
lexicon.npz     the words of the catalogue that it was trained on
weights.npz     the networks
COMPLETE        written last; the SHA-256 of the manifest
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from multigrain.errors import BundleRefused
from multigrain.finished import MARK, mark_of, write_mark, written_beside
from multigrain.text import analyzer
from multigrain.types import Float32s, Item
from trainer.teacher.config import TeacherConfig
from trainer.teacher.lexicon import Lexicon
from trainer.teacher.network import Network
from trainer.teacher.scorer import Scorer, chances, numbered

NAME = "teacher"
MANIFEST, LEXICON, WEIGHTS = "manifest.json", "lexicon.npz", "weights.npz"


class Measured(BaseModel):
    """One figure of the held-out part, with its 95 % interval over the queries."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    value: float
    low: float
    high: float


class TeacherManifest(BaseModel):
    """What a teacher is. An unknown key is refused: it was written by a newer version than this one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    teacher_id: str
    """Name and a hash of what it learnt: the same labels and configuration give the same one."""
    analyzer: str
    threshold: float
    auc: float
    figures: tuple[Measured, ...]
    pairs: dict[str, int]
    """Judged pairs in each part."""
    queries: dict[str, int]
    labels_sha256: str
    word_features: int
    pair_features: int
    config: TeacherConfig
    files: dict[str, str]
    """Name -> SHA-256."""


@dataclass(frozen=True)
class Teacher:
    """Judges query-item pairs. It knows texts alone: no clicks, no prices, no users."""

    manifest: TeacherManifest
    scorer: Scorer

    @property
    def teacher_id(self) -> str:
        return self.manifest.teacher_id

    @property
    def threshold(self) -> float:
        """Above that P an item is called good: of the development part as many are as people called good."""
        return self.manifest.threshold

    @property
    def auc(self) -> float:
        """Of good pairs against the others, on judgments of queries that had no say in training."""
        return self.manifest.auc

    def probabilities(self, queries: Sequence[str], items: Sequence[Item]) -> Float32s:
        """[n]: the chance that people call items[i] good for queries[i]. A pair's does not depend on the others.

        An item that comes up several times should be one object: its text is then read once.
        """
        if len(queries) != len(items):
            raise ValueError(f"{len(queries)} queries beside {len(items)} items: one query for each item")
        texts: dict[str, int] = {}
        query = np.array([texts.setdefault(text, len(texts)) for text in queries], np.int64)
        distinct, item = numbered(items)
        return chances(self.scorer.log_odds(tuple(texts), distinct, query, item))


@dataclass(frozen=True, kw_only=True)
class TeacherFacts:
    """What is known of a teacher beside what it learnt."""

    threshold: float
    auc: float
    figures: Sequence[Measured]
    pairs: Mapping[str, int]
    queries: Mapping[str, int]
    labels_sha256: str
    word_features: int
    pair_features: int
    config: TeacherConfig


def save_teacher(folder: Path, scorer: Scorer, facts: TeacherFacts) -> Teacher:
    """Writes a finished folder in place of what was there."""
    with written_beside(folder) as draft:
        scorer.lexicon.save(draft / LEXICON)
        weights = {
            f"{number}_{name}": value
            for number, network in enumerate(scorer.networks)
            for name, value in network.weights().items()
        }
        np.savez(draft / WEIGHTS, **weights)  # type: ignore[arg-type]  # NumPy types its one option, allow_pickle
        files = {name: _sha256(draft / name) for name in (LEXICON, WEIGHTS)}
        content = hashlib.sha256("".join(files.values()).encode()).hexdigest()
        manifest = TeacherManifest(
            teacher_id=f"{NAME}-{content[:12]}",
            analyzer=analyzer.NAME,
            threshold=facts.threshold,
            auc=facts.auc,
            figures=tuple(facts.figures),
            pairs=dict(facts.pairs),
            queries=dict(facts.queries),
            labels_sha256=facts.labels_sha256,
            word_features=facts.word_features,
            pair_features=facts.pair_features,
            config=facts.config,
            files=files,
        )
        (draft / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
        write_mark(draft, _sha256(draft / MANIFEST))
    return Teacher(manifest, scorer)


def load_teacher(folder: Path) -> Teacher:
    """The teacher in `folder`, every byte checked. Raises BundleRefused naming the file that is wrong."""
    mark = mark_of(folder)
    if mark is None:
        raise BundleRefused(f"{folder}: no {MARK}: not a teacher, or its training was cut short: train it again")
    if not (folder / MANIFEST).is_file() or _sha256(folder / MANIFEST) != mark:
        raise BundleRefused(f"{folder / MANIFEST}: is not what {MARK} says: copy the teacher again")
    manifest = _read_manifest(folder / MANIFEST)
    for name, sha256 in manifest.files.items():
        if not (folder / name).is_file() or _sha256(folder / name) != sha256:
            raise BundleRefused(f"{folder / name}: is missing or was changed: copy the teacher again")
    return Teacher(manifest, Scorer(Lexicon.load(folder / LEXICON), _read_networks(folder / WEIGHTS, manifest)))


def _read_manifest(path: Path) -> TeacherManifest:
    try:
        manifest = TeacherManifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise BundleRefused(f"{path}: {problem}: written by another version of multigrain; train it again") from None
    if manifest.analyzer != analyzer.NAME:
        raise BundleRefused(f"{path}: reads text as {manifest.analyzer}, not as {analyzer.NAME}: train it again")
    return manifest


def _read_networks(path: Path, manifest: TeacherManifest) -> list[Network]:
    networks = []
    with np.load(path, allow_pickle=False) as arrays:
        for number in range(manifest.config.seeds):
            rng = np.random.default_rng(0)  # every weight is replaced
            network = Network(manifest.word_features, manifest.pair_features, manifest.config, rng)
            network.restore([arrays[f"{number}_{name}"] for name in network.weights()])
            networks.append(network)
    return networks


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
