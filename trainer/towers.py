"""Trained towers on disk, between training and export: weights, and what one must know to read them."""

from dataclasses import dataclass
from pathlib import Path

from multigrain.errors import NotFound
from multigrain.features.inputs import Vocabularies
from multigrain.finished import mark_of
from trainer.configs.config import TrainingConfig
from trainer.models.model import Model, make_model
from trainer.models.weights import load_weights, save_weights

VOCABULARY = "vocabulary"
CONFIG = "config.json"


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
    """What `save_towers` wrote. Raises NotFound when it was not finished."""
    if mark_of(folder) is None or not (folder / CONFIG).is_file():
        raise NotFound(f"{folder} holds no trained towers: name the work folder of a finished `multigrain train`")
    config = TrainingConfig.model_validate_json((folder / CONFIG).read_text(encoding="utf-8"))
    towers = fresh_towers(Vocabularies.load(folder / VOCABULARY), config)
    load_weights(towers.model, folder)
    return towers
