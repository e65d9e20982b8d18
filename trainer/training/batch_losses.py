"""The one place that chooses how a batch is read: by one positive of each row, or by its impression groups."""

from multigrain.features.inputs import Inputs
from multigrain.types import Float32s
from trainer.configs.config import TrainingConfig
from trainer.models.model import Model
from trainer.training.batch_loss import BatchLoss
from trainer.training.grouped_loss import GroupedLoss
from trainer.training.one_positive_loss import OnePositiveLoss


def make_batch_loss(model: Model, catalogue: Inputs, draws: Float32s, config: TrainingConfig) -> BatchLoss:
    """`catalogue` are the item tower's inputs, `draws` the expected draws, of all items, in catalogue order."""
    if config.loss.reads_groups:
        return GroupedLoss(model, catalogue, config)
    return OnePositiveLoss(model, catalogue, draws, config)
