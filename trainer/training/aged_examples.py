"""Examples with their age, for losses that let older ones count less."""

from collections.abc import Sequence

import numpy as np

from multigrain.features.inputs import Vocabularies
from multigrain.features.windows import HOUR_MS
from multigrain.types import Item
from trainer.configs.config import TrainingConfig
from trainer.data.encoded_shards import Encoded, Encoder
from trainer.data.example import Example

AGE = "age_hours"
"""Of a batch: whole hours between each row's search and the end of what is trained on. [B]"""


class AgedEncoder(Encoder):
    """Encodes as its base does, and adds the age of each row. No tower reads it."""

    def __init__(
        self, items: Sequence[Item], vocabularies: Vocabularies, config: TrainingConfig, *, now_ms: int
    ) -> None:
        """`now_ms`: nothing that is trained on is newer."""
        super().__init__(
            items,
            vocabularies,
            lengths=config.text.to_floor(),
            windows=config.windows.to_floor(),
            groups=config.groups if config.loss.reads_groups else None,
        )
        self._now_ms = now_ms

    def encode(self, examples: Sequence[Example]) -> Encoded:
        encoded = super().encode(examples)
        usable = (example for example in examples if any(item in self.rows for item in example.clicked))
        ages = [(self._now_ms - example.at_ms) // HOUR_MS for example in usable]
        return {**encoded, AGE: np.array(ages, np.int32)}
