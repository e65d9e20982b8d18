"""MMSE's objective: two retrieval terms, which compare globally, and two ranking terms, which compare locally.

[V] Clicked against negatives; unclicked against negatives; clicked above unclicked; ordered above unclicked by more;
their plain sum. [inferred] The formulas, the means over a search's own items or pairs, the weights and the margins. No
term holds ordered against clicked: ordered stands higher because more is asked of it.
"""

from collections.abc import Sequence

import tensorflow as tf

from trainer.configs.config import MultiStageConfig
from trainer.losses.impressions import Impressions
from trainer.losses.ordered_pairs import pair_losses, pairs_of
from trainer.losses.stages import Stages, Term, log_sum, mean_of, retrieved
from trainer.models.layers.layer import Tensor


def multi_stage_terms(stages: Stages, config: MultiStageConfig, *, temperature: float) -> Sequence[Term]:
    """L_cn, L_un, L_cu and L_ou."""
    seen = stages.seen
    # One sum of rivals for both: neither what was clicked nor what was seen is in it.
    rivals = log_sum(stages.others, stages.is_negative, temperature=temperature)

    def found(positive: Tensor, counted: Tensor) -> Tensor:
        return retrieved(positive, counted, rivals, temperature=temperature)

    def above_unclicked(counted: Tensor, margin: float) -> Tensor:
        losses = pair_losses(
            stages.clicked, stages.unclicked, margin=margin, kind=config.pairs, temperature=temperature
        )
        pairs = pairs_of(counted, seen.is_unclicked)
        return mean_of(_flat(losses), _flat(pairs))

    return (
        Term(config.clicked, found(stages.clicked, seen.is_clicked), _clicked),
        Term(config.unclicked, found(stages.unclicked, seen.is_unclicked), _unclicked),
        Term(config.clicked_pairs, above_unclicked(seen.is_clicked, config.clicked_margin), _clicked_and_unclicked),
        Term(config.ordered_pairs, above_unclicked(seen.is_ordered, config.ordered_margin), _ordered_and_unclicked),
    )


def _clicked(batch: Impressions) -> Tensor:
    return batch.has_clicked


def _unclicked(batch: Impressions) -> Tensor:
    return batch.has_unclicked


def _clicked_and_unclicked(batch: Impressions) -> Tensor:
    return tf.logical_and(batch.has_clicked, batch.has_unclicked)


def _ordered_and_unclicked(batch: Impressions) -> Tensor:
    return tf.logical_and(batch.has_ordered, batch.has_unclicked)


def _flat(pairs: Tensor) -> Tensor:
    """[B, P, U] -> [B, P U]"""
    return tf.reshape(pairs, [tf.shape(pairs)[0], -1])
