"""Trained towers on disk: weights, and what one must know to read them.

Between training and export they are a folder of their own; after it they are in the bundle, and training can start from
either.
"""

from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from multigrain.bundle import ITEM_TOWER, MANIFEST, QUERY_TOWER, VOCABULARY, Bundle, open_bundle
from multigrain.errors import NotFound
from multigrain.features.inputs import Vocabularies
from multigrain.finished import mark_of
from trainer.configs.config import TrainingConfig
from trainer.models.model import Model, make_model
from trainer.models.weights import load_weights, named_weights, save_weights

CONFIG = "config.json"
TRAINING = "training.json"
"""The same in a bundle."""
_VARIABLES = "variables/variables"
_KEY = "kept/{}/.ATTRIBUTES/VARIABLE_VALUE"
"""Of TensorFlow's format: where a SavedModel keeps its variables, and under which names."""


@dataclass(frozen=True, slots=True)
class Towers:
    """Towers of one run."""

    model: Model
    vocabularies: Vocabularies
    config: TrainingConfig


def fresh_towers(vocabularies: Vocabularies, config: TrainingConfig) -> Towers:
    """Random ones."""
    return Towers(make_model(config, vocabularies), vocabularies, config)


def save_towers(towers: Towers, folder: Path) -> None:
    """Fills `folder`. The caller marks it as complete."""
    towers.vocabularies.save(folder / VOCABULARY)
    save_weights(towers.model, folder)
    (folder / CONFIG).write_text(towers.config.model_dump_json(indent=1), encoding="utf-8")


def load_towers(folder: Path) -> Towers:
    """What `save_towers` wrote, or those of a bundle. Raises NotFound when there are none; BundleRefused."""
    if (folder / MANIFEST).is_file():
        return _load_from_bundle(open_bundle(folder))
    if mark_of(folder) is None or not (folder / CONFIG).is_file():
        raise NotFound(
            f"{folder} holds no trained towers: name the work folder of a finished `multigrain train`, or a bundle"
        )
    towers = _made_as(folder / CONFIG, folder / VOCABULARY)
    load_weights(towers.model, folder)
    return towers


def _load_from_bundle(bundle: Bundle) -> Towers:
    if not (bundle.path / TRAINING).is_file():
        raise NotFound(f"{bundle.path} does not say how it was trained ({TRAINING}): start from a newer bundle")
    towers = _made_as(bundle.path / TRAINING, bundle.path / VOCABULARY)
    readers = [tf.train.load_checkpoint(str(bundle.path / tower / _VARIABLES)) for tower in (QUERY_TOWER, ITEM_TOWER)]
    for name, variable in named_weights(towers.model):
        key = _KEY.format(name)
        holding = [reader for reader in readers if reader.has_tensor(key)]
        if not holding:
            raise NotFound(f"{bundle.path} has no weight {name}: another version made it; start from a newer bundle")
        variable.assign(holding[0].get_tensor(key))
    return towers


def _made_as(config: Path, vocabulary: Path) -> Towers:
    return fresh_towers(
        Vocabularies.load(vocabulary), TrainingConfig.model_validate_json(config.read_text(encoding="utf-8"))
    )
