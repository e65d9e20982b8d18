"""A batch in which each row has the impression groups of its search.

[inferred] P_n mixes two sources: what other rows clicked, and the pool. Unclicked items are read by their own row
alone: they were shown for its query, and say little to another.
"""

from collections.abc import Mapping

import tensorflow as tf

from multigrain.features.inputs import Inputs
from trainer.configs.config import TrainingConfig
from trainer.data.batches import Batch
from trainer.losses.impressions import Impressions
from trainer.losses.objective import staged_objective
from trainer.losses.recency import recency
from trainer.models.layers.layer import Tensor
from trainer.models.model import Model
from trainer.replicas import Part, gathered
from trainer.training.aged_examples import AGE


class GroupedLoss:
    """Reads `clicked`, `ordered`, `unclicked`, `known` and `pool` of a batch, beside the query tower's inputs."""

    def __init__(self, model: Model, catalogue: Inputs, config: TrainingConfig) -> None:
        self._model, self._config = model, config
        self._table: Mapping[str, Tensor] = {name: tf.constant(array) for name, array in catalogue.items()}

    def __call__(self, batch: Batch, seed: Tensor, part: Part) -> Tensor:
        asked = {name: part.take(array) for name, array in batch.items() if name != "pool"}
        half_life = self._config.loss.half_life_days
        weights = recency(asked.pop(AGE), half_life_days=half_life) if AGE in asked else None
        searches, clicks = batch["clicked"].shape
        seen = Impressions(
            clicked=batch["clicked"], is_ordered=tf.cast(batch["ordered"], tf.bool), unclicked=batch["unclicked"]
        )
        # Every row's clicks, then the pool: what all rows share. A click's place is that of its row.
        candidates = tf.concat([tf.reshape(batch["clicked"], [-1]), batch["pool"]], 0)

        queries = self._model.query(asked, training=True)
        # One call, for what a tower does once a call costs the same for more items.
        shared, own = part.take(candidates), tf.reshape(asked["unclicked"], [-1])
        encoded = self._items(tf.concat([shared, own], 0))
        others, unclicked = tf.split(encoded, [shared.shape[0], own.shape[0]])
        others = gathered(others)
        clicked = part.take(others[: searches * clicks])
        return staged_objective(
            queries,
            tf.reshape(clicked, [-1, clicks, queries.shape[1]]),
            tf.reshape(unclicked, [-1, batch["unclicked"].shape[1], queries.shape[1]]),
            others,
            candidates,
            asked["known"],
            seen,
            self._config,
            part=part,
            weights=weights,
        )

    def _items(self, rows: Tensor) -> Tensor:
        """Vectors of catalogue rows [n]; of an absent one, that of the first item, which nobody reads. -> [n, d]"""
        there = tf.maximum(rows, 0)
        return self._model.item(**{name: tf.gather(array, there) for name, array in self._table.items()}, training=True)
