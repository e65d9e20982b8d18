"""A snapshot in a folder: one process writes it, others map it into their memory, where it lies once for all of them.

A segment is a folder of columns and never changes. `snapshot.json` is replaced last, and names what belongs together.
"""

import json
import shutil
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Bools
from server.lexical.segment import Segment
from server.lexical.snapshot import Snapshot, snapshot_of

MANIFEST = "snapshot.json"
COLUMNS = ("item_nos", "lengths", "rare", "starts", "places", "frequent", "bits", "holders")
TRIES = 5
"""A reader that opens files while the writer takes them away reads the manifest again."""


class SnapshotWriter:
    """The one writer of a folder. Not durable: after a crash the titles come from the catalogue again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        # A later writer may find files of an earlier one, which readers still open.
        self._run = uuid.uuid4().hex[:8]
        self._written = 0
        self._names: dict[str, NDArray[np.generic] | Segment] = {}
        """What lies in the folder, by name; held, so that no other object can take its identity."""

    def write(self, snapshot: Snapshot) -> None:
        """Readers see the whole of it at their next refresh. Writes only what is not in the folder yet."""
        kept, before = {}, _names_in(self._folder)
        named: list[tuple[str, str | None]] = []
        for shelf in snapshot.shelves:
            segment = self._name(shelf.segment)
            kept[segment] = self._names[segment]
            alive = None if shelf.alive is None else self._name(shelf.alive)
            if alive is not None:
                kept[alive] = self._names[alive]
            named.append((segment, alive))
        _replace(self._folder / MANIFEST, json.dumps({"shelves": named}))
        # A reader may be opening what the manifest before this one named.
        _remove_all_but(self._folder, {MANIFEST, *kept, *before})
        self._names = kept

    def _name(self, what: NDArray[np.generic] | Segment) -> str:
        for name, there in self._names.items():
            if there is what:
                return name
        self._written += 1
        name = f"{self._run}-{self._written}"
        _save(self._folder / name, what)
        self._names[name] = what
        return name


class SnapshotReader:
    """Follows the folder. The memory of what is not read any more goes back by itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest = ""
        self._segments: dict[str, Segment] = {}
        self.snapshot = Snapshot()
        """Empty until something was read."""

    def refresh(self) -> bool:
        """Takes over what the writer wrote last. False: nothing since. One thread at a time."""
        for _ in range(TRIES):
            manifest = _read(self._folder / MANIFEST)
            if manifest in ("", self._manifest):
                return False
            try:
                self._open(manifest)
            except FileNotFoundError:
                continue
            self._manifest = manifest
            return True
        return False

    def _open(self, manifest: str) -> None:
        named = json.loads(manifest)["shelves"]
        segments = {name: self._segments.get(name) or _segment(self._folder / name) for name, _ in named}
        there = [(segments[name], None if alive is None else _alive(self._folder / alive)) for name, alive in named]
        self.snapshot = snapshot_of(there, self.snapshot.shelves)
        self._segments = segments


def _save(folder: Path, what: NDArray[np.generic] | Segment) -> None:
    folder.mkdir()
    columns: Mapping[str, NDArray[np.generic]]
    columns = dict(zip(COLUMNS, what.columns(), strict=True)) if isinstance(what, Segment) else {"alive": what}
    for name, column in columns.items():
        np.save(folder / f"{name}.npy", column)


def _segment(folder: Path) -> Segment:
    return Segment(**{name: _mapped(folder / f"{name}.npy") for name in COLUMNS})


def _alive(folder: Path) -> Bools:
    return _mapped(folder / "alive.npy")


def _mapped(path: Path) -> NDArray[Any]:  # Any: the file says what it holds.
    # A plain array over the map: the subclass would cost every operation a little more.
    return np.asarray(np.load(path, mmap_mode="r"))


def _read(path: Path) -> str:
    """Empty where there is nothing yet."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _replace(path: Path, text: str) -> None:
    beside = path.with_suffix(".part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _names_in(folder: Path) -> Iterable[str]:
    manifest = _read(folder / MANIFEST)
    shelves = json.loads(manifest)["shelves"] if manifest else []
    return [name for shelf in shelves for name in shelf if name is not None]


def _remove_all_but(folder: Path, kept: Iterable[str]) -> None:
    names = set(kept)
    for path in folder.iterdir():
        if path.name not in names and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
