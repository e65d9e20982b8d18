"""A batch in which each row has one positive, and all share the candidates: everybody's positives, and the pool."""

from collections.abc import Mapping
from functools import partial

import tensorflow as tf

from multigrain.features.inputs import Inputs
from multigrain.types import Float32s
from trainer.configs.config import TrainingConfig
from trainer.data.batches import Batch
from trainer.losses.objective import objective
from trainer.losses.recency import recency
from trainer.models.layers.layer import Tensor
from trainer.models.layers.tables import SIDES
from trainer.models.model import Model
from trainer.randomness import loss_seed
from trainer.replicas import Part, gathered
from trainer.training.aged_examples import AGE

CANDIDATES = ("positive", "pool")
"""Of a batch, in their order as columns: what all its rows are held against. The rest is by row."""
LEAF = SIDES.index("leaf")


class OnePositiveLoss:
    """Reads `positive`, `known` and `pool` of a batch, beside the query tower's inputs."""

    def __init__(self, model: Model, catalogue: Inputs, draws: Float32s, config: TrainingConfig) -> None:
        self._model, self._config = model, config.loss
        self._table: Mapping[str, Tensor] = {name: tf.constant(array) for name, array in catalogue.items()}
        self._expected = tf.constant(draws)

    def __call__(self, batch: Batch, seed: Tensor, part: Part) -> Tensor:
        config = self._config
        candidates = tf.concat([batch[name] for name in CANDIDATES], 0)
        rows = {name: tf.gather(array, candidates) for name, array in self._table.items()}
        drawn = tf.gather(self._expected, candidates)

        asked = {name: part.take(array) for name, array in batch.items() if name not in CANDIDATES}
        own_first = partial(part.own_first, rows=asked["known"].shape[0])
        weights = recency(asked.pop(AGE), half_life_days=config.half_life_days) if AGE in asked else None
        categories = own_first(rows["side"][:, LEAF]) if config.negatives == "category" else None

        queries = self._model.query(asked, training=True)
        items = gathered(self._model.item(**{name: part.take(ids) for name, ids in rows.items()}, training=True))
        return objective(
            queries,
            own_first(items),
            own_first(candidates),
            asked["known"],
            own_first(drawn),
            config,
            seed=loss_seed(seed),
            part=part,
            weights=weights,
            categories=categories,
        )
