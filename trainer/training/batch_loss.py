"""The shape of what a step minimises: from a batch of integers, through the towers, to a number."""

from typing import Protocol

from trainer.data.batches import Batch
from trainer.models.layers.layer import Tensor
from trainer.replicas import Part


class BatchLoss(Protocol):
    """Holds the towers and the catalogue's inputs."""

    def __call__(self, batch: Batch, seed: Tensor, part: Part) -> Tensor:
        """The loss of a part's rows, with the candidates of the whole batch. float32 []

        `batch`: the joined one; seed [2], another one each step. The mean over the parts is the loss of the batch.
        Called inside a replica: what is not the part's own is gathered from the others.
        """
        ...
