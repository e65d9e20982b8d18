"""Softmax over levels, with all items of a level as positives: exposed, clicked, ordered. In the way of MOPPR.

[inferred] All of it. Known is the idea: hierarchical objectives, many positives over the entire space, and a softmax
changed for them. Ours: at each level what reached it is learnt against all that did not, so that a level's rivals are
the level below and the negatives; positives of one level are not each other's rivals; the levels' means are summed. Its
level of relevance is left out, for that needs somebody who judges it.
"""

from collections.abc import Sequence

import tensorflow as tf

from trainer.configs.config import MultiObjectiveConfig
from trainer.losses.cross_entropy import log_add
from trainer.losses.impressions import Impressions
from trainer.losses.stages import Stages, Term, log_sum, retrieved
from trainer.models.layers.layer import Tensor


def multi_objective_terms(stages: Stages, config: MultiObjectiveConfig, *, temperature: float) -> Sequence[Term]:
    """Of the three levels, the widest first."""
    seen = stages.seen
    merely_clicked = tf.logical_and(seen.is_clicked, tf.logical_not(seen.is_ordered))
    shown = tf.concat([stages.clicked, stages.unclicked], -1)
    is_shown = tf.concat([seen.is_clicked, seen.is_unclicked], -1)

    never_shown = log_sum(stages.others, stages.is_negative, temperature=temperature)
    not_clicked = log_add(never_shown, log_sum(stages.unclicked, seen.is_unclicked, temperature=temperature))
    not_ordered = log_add(not_clicked, log_sum(stages.clicked, merely_clicked, temperature=temperature))

    def level(positive: Tensor, counted: Tensor, rivals: Tensor) -> Tensor:
        return retrieved(positive, counted, rivals, temperature=temperature)

    return (
        Term(config.exposed, level(shown, is_shown, never_shown), _shown),
        Term(config.clicked, level(stages.clicked, seen.is_clicked, not_clicked), _clicked),
        Term(config.ordered, level(stages.clicked, seen.is_ordered, not_ordered), _ordered),
    )


def _shown(batch: Impressions) -> Tensor:
    return tf.logical_or(batch.has_clicked, batch.has_unclicked)


def _clicked(batch: Impressions) -> Tensor:
    return batch.has_clicked


def _ordered(batch: Impressions) -> Tensor:
    return batch.has_ordered
