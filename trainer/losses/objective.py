"""What a training step minimises, picked by the config: the door to the losses.

[V] The paper's objective is the softmax; the hinge is what it is compared with. [inferred] float32 here, whatever the
towers compute in: half precision would lose the tail of a sum over thousands of candidates.
"""

import tensorflow as tf

from multigrain.errors import InvalidConfig
from trainer.configs.config import LossConfig
from trainer.losses.accidental_hits import true_negatives
from trainer.losses.hinge import hinge_loss
from trainer.losses.recency import weighted_mean
from trainer.losses.retrieval import retrieval_loss
from trainer.losses.within_category import of_own_category
from trainer.models.layers.layer import Tensor
from trainer.replicas import WHOLE, Part


def objective(
    queries: Tensor,
    items: Tensor,
    candidates: Tensor,
    known: Tensor,
    draws: Tensor,
    config: LossConfig,
    *,
    seed: Tensor,
    part: Part = WHOLE,
    weights: Tensor | None = None,
    categories: Tensor | None = None,
) -> Tensor:
    """Mean over the rows, a float32 scalar. The same arguments, the same loss: nothing is drawn but from `seed`.

    queries [B, d]; items [C, d], the first B are the rows' own positives; candidates [C], their catalogue rows;
    known [B, K], every positive of each row, -1 where there is none; draws [C], expected draws, read for log-Q only;
    seed int32 [2], another one each step, read for mixed negatives only. `part`: of a batch, that the rows are; the
    mean of the parts' losses is the loss of the batch where the candidates are the same ones, own positives first.
    weights [B], how much each row counts, None: all alike; categories [C], only candidates of the category of the row's
    own positive are its negatives, None: all are.
    """
    queries, items, draws = (tf.cast(tensor, tf.float32) for tensor in (queries, items, draws))
    negatives = true_negatives(candidates, known)
    if categories is not None:
        negatives = tf.logical_and(negatives, of_own_category(categories, tf.shape(known)[0]))
    if config.kind == "hinge":
        rows = hinge_loss(queries, items, negatives, config)
    else:
        rows = retrieval_loss(queries, items, candidates, known, negatives, draws, config, seed=seed, part=part)
    return weighted_mean(rows, weights)


def check_objective(config: LossConfig, batch_size: int) -> None:
    """Raises InvalidConfig when more hard negatives are asked for than a step has."""
    negatives = config.pool + batch_size - 1
    if config.mixed > negatives:
        raise InvalidConfig(
            "loss.mixed",
            f"{config.mixed} hard negatives are asked for, and a pool of {config.pool} beside a batch of {batch_size} "
            f"has {negatives}",
            cure=f"lower loss.mixed, or raise loss.pool to {config.mixed - batch_size + 1} or more",
        )
