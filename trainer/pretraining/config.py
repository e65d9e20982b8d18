"""A training configuration -> what pre-training does with it: the same towers, another lesson.

In-batch softmax over cosines, Adam, no pool: [inferred], as the objective of a pre-training by retrieval is usually.
The item's id is not read: learnt with pieces of titles, it would know an item by heart and the words would not.
"""

from multigrain.errors import InvalidConfig
from trainer.configs.config import LossConfig, OptimizerConfig, TrainingConfig

BY_TEXT = ("mmse", "bag")
"""Models that know an item without its id, and whose scores are cosines."""


def for_pretraining(config: TrainingConfig) -> TrainingConfig:
    """Raises InvalidConfig for a model that knows items by their ids."""
    if config.model.name not in BY_TEXT:
        problem = f"'{config.model.name}' knows items by ids, and a catalogue alone teaches none"
        raise InvalidConfig("model.name", problem, cure=f"use one of {', '.join(BY_TEXT)}")
    told = config.pretraining
    return config.model_copy(
        update={
            "model": config.model.model_copy(update={"item_ids": False, "id_dropout": 0.0}),
            "vocabulary": config.vocabulary.model_copy(update={"title_unigrams": True}),
            "loss": LossConfig.model_validate({"temperature": told.temperature, "pool": 0}),
            "optimizer": OptimizerConfig.model_validate(
                {"name": "adam", "learning_rate": told.learning_rate, "decay": "linear"}
            ),
            "neighbors": config.neighbors.model_copy(update={"per_item": 0}),
            # Nobody has searched, so nobody has said what a score means.
            "cut_off": config.cut_off.model_copy(update={"searches": 0}),
            "run": config.run.model_copy(update={"epochs": told.epochs, "leave_out_hours": 0.0}),
        }
    )
