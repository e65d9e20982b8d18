"""Checkpoints: everything a run needs to go on as if it had not stopped, in one .npz, never pickled (ADR 7).

A file appears whole or not at all: it is written beside its place, flushed to the disk and renamed. Batches and random
numbers are functions of seed and step, so the number of steps done is all there is to keep of them.
"""

import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.models.layers.layer import Tensor

Arrays = dict[str, NDArray[Any]]
"""Any: floats of towers and optimisers, and an integer."""

KEPT = 2
"""The newest, and one before it in case the newest cannot be read."""
_STEP, _LOSSES, _RECENT = "step", "losses", "recent"


@dataclass(slots=True)
class Position:
    """How far a run is."""

    step: int = 0
    """Steps done."""
    losses: list[float] = field(default_factory=list)
    """Mean losses between reports."""
    recent: list[float] = field(default_factory=list)
    """Losses of the steps since the last report."""


class Keeper(Protocol):
    """Where a run keeps itself, and finds itself again."""

    def save(self, position: Position, variables: Mapping[str, Tensor]) -> object: ...

    def load(self, variables: Mapping[str, Tensor]) -> Position:
        """Fills `variables`, and says where the run was: at its start if nothing was kept."""
        ...


class Checkpoints:
    """The checkpoints in `folder`, all of one run: another configuration, or other data, has another folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, position: Position, variables: Mapping[str, Tensor]) -> Path:
        """Keeps the state after a step, and lets the oldest go."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"step-{position.step:012d}.npz"
        draft = path.with_suffix(".unfinished")
        arrays = {name: variable.numpy() for name, variable in variables.items()}
        arrays[_STEP] = np.array(position.step)
        arrays[_LOSSES], arrays[_RECENT] = np.array(position.losses), np.array(position.recent)
        with draft.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        for old in self._files()[:-KEPT]:
            old.unlink()
        return path

    def load(self, variables: Mapping[str, Tensor]) -> Position:
        """Fills `variables` from the newest checkpoint that can be read, and says where that is. None: step 0."""
        for path in reversed(self._files()):
            arrays = _read(path)
            if arrays is not None and arrays.keys() >= variables.keys():
                for name, variable in variables.items():
                    variable.assign(arrays[name])
                return Position(int(arrays[_STEP]), arrays[_LOSSES].tolist(), arrays[_RECENT].tolist())
        return Position()

    def _files(self) -> Sequence[Path]:
        """Oldest first."""
        return sorted(self._folder.glob("step-*.npz"))


def named(variables: Sequence[Tensor], owner: str) -> dict[str, Tensor]:
    """Variables under names that are unique and the same in every process: by their place."""
    return {f"{owner}.{i:04d}": variable for i, variable in enumerate(variables)}


def _read(path: Path) -> Arrays | None:
    """The arrays of a checkpoint; None: the file was damaged. The zip inside carries a checksum of each array."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None
