"""Weights of towers on disk, between training and export. One .npz; never pickled."""

from pathlib import Path

import numpy as np

from trainer.models.layers.layer import Tensor
from trainer.models.model import Model

FILE = "weights.npz"


def save_weights(model: Model, folder: Path) -> None:
    np.savez(folder / FILE, **{name: variable.numpy() for name, variable in named_weights(model)})


def load_weights(model: Model, folder: Path) -> None:
    """Fills `model`, which was made of the same configuration and vocabularies."""
    with np.load(folder / FILE, allow_pickle=False) as arrays:
        for name, variable in named_weights(model):
            variable.assign(arrays[name])


def named_weights(model: Model) -> list[tuple[str, Tensor]]:
    """Variables under names that are unique and the same in every process: their place, then what they are called."""
    return [(f"{i:03d}_{v.name.split(':')[0].replace('/', '.')}", v) for i, v in enumerate(model.trainable_variables)]
