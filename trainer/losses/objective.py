"""What a training step minimises, picked by the config: the door to the losses.

`objective` learns from one positive of each row, `staged_objective` from all that a search showed. [V] MGDSPR's is the
softmax; the hinge is what it is compared with. MMSE's is the multi-stage one. [inferred] float32 here, whatever the
towers compute in: half precision would lose the tail of a sum over thousands of candidates.
"""

import tensorflow as tf

from multigrain.errors import InvalidConfig
from trainer.configs.config import LossConfig, TrainingConfig
from trainer.losses.accidental_hits import true_negatives
from trainer.losses.hinge import hinge_loss
from trainer.losses.impressions import Impressions, others_than
from trainer.losses.multi_objective import multi_objective_terms
from trainer.losses.multi_stage import multi_stage_terms
from trainer.losses.recency import weighted_mean
from trainer.losses.retrieval import retrieval_loss
from trainer.losses.stages import Stages
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


def staged_objective(
    queries: Tensor,
    clicked: Tensor,
    unclicked: Tensor,
    others: Tensor,
    candidates: Tensor,
    known: Tensor,
    batch: Impressions,
    config: TrainingConfig,
    *,
    part: Part = WHOLE,
    weights: Tensor | None = None,
) -> Tensor:
    """Sum of the terms, each a mean over the rows that have what it is of; a float32 scalar. Nothing is drawn.

    queries [B, d]; clicked [B, C, d] and unclicked [B, U, d], vectors of what `batch` names, anything where it names
    nothing; others [N, d], shared by all rows, and candidates [N], their catalogue rows; known [B, K] and weights [B]
    as in objective(). `batch`: of all parts, where the rows are one `part`; the mean of the parts' losses is the loss
    of the batch.
    """
    queries, clicked, unclicked, others = (
        tf.cast(tensor, tf.float32) for tensor in (queries, clicked, unclicked, others)
    )
    seen = batch.taken(part)
    stages = Stages(
        clicked=tf.einsum("bd,bcd->bc", queries, clicked),
        unclicked=tf.einsum("bd,bud->bu", queries, unclicked),
        others=tf.matmul(queries, others, transpose_b=True),
        seen=seen,
        is_negative=others_than(seen, known, candidates),
    )
    if config.loss.kind == "multi_stage":
        terms = multi_stage_terms(stages, config.multi_stage, temperature=config.loss.temperature)
    else:
        terms = multi_objective_terms(stages, config.multi_objective, temperature=config.loss.temperature)
    return tf.add_n([term.mean(batch, weights) for term in terms if term.weight > 0])


def check_objective(config: TrainingConfig) -> None:
    """Raises InvalidConfig for what cannot be learnt: by [loss] alone, or beside the rest."""
    loss, batch_size = config.loss, config.run.batch_size
    if loss.reads_groups:
        _check_stages(config)
    negatives = loss.pool + batch_size - 1
    if loss.mixed > negatives:
        raise InvalidConfig(
            "loss.mixed",
            f"{loss.mixed} hard negatives are asked for, and a pool of {loss.pool} beside a batch of {batch_size} "
            f"has {negatives}",
            cure=f"lower loss.mixed, or raise loss.pool to {loss.mixed - batch_size + 1} or more",
        )


def _check_stages(config: TrainingConfig) -> None:
    loss, stages, levels = config.loss, config.multi_stage, config.multi_objective
    meant_for_one = {"mixed": 0, "log_q": False, "positives": "one", "negatives": "all"}
    for key, plain in meant_for_one.items():
        if getattr(loss, key) != plain:
            problem = f"{getattr(loss, key)!r} is of one drawn positive, and loss.kind is {loss.kind!r}"
            raise InvalidConfig(f"loss.{key}", problem, cure=f"set it to {plain!r}")
    if loss.kind == "multi_objective_softmax":
        if not levels.exposed + levels.clicked + levels.ordered:
            raise InvalidConfig("multi_objective", "every weight is 0", cure="leave one above it")
        return
    if not stages.clicked + stages.unclicked + stages.clicked_pairs + stages.ordered_pairs:
        raise InvalidConfig("multi_stage", "every weight is 0", cure="leave one above it")
    if stages.ordered_pairs and stages.clicked_pairs and stages.ordered_margin <= stages.clicked_margin:
        problem = f"{stages.ordered_margin:g} is not above multi_stage.clicked_margin, {stages.clicked_margin:g}"
        cure = "raise it: what was ordered is to stand higher than what was clicked"
        raise InvalidConfig("multi_stage.ordered_margin", problem, cure=cure)
