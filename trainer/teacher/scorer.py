"""A lexicon and some networks as one score: the mean of what the networks say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.types import Float32s, Int64s, Item
from trainer.teacher.features import PairReader
from trainer.teacher.fitting import scores_of
from trainer.teacher.lexicon import Lexicon
from trainer.teacher.network import Network


@dataclass(frozen=True)
class Scorer:
    """What was learnt."""

    lexicon: Lexicon
    networks: Sequence[Network]

    def log_odds(self, queries: Sequence[str], items: Sequence[Item], query: Int64s, item: Int64s) -> Float32s:
        """[n]: of the pairs (queries[query[i]], items[item[i]]) being good."""
        reader = PairReader(self.lexicon, queries, items)
        blocks = [
            np.mean([scores_of(network, block) for network in self.networks], 0) for block in reader.blocks(query, item)
        ]
        return np.concatenate([np.zeros(0, np.float32), *blocks]).astype(np.float32)


def chances(log_odds: Float32s) -> Float32s:
    """Log-odds as probabilities."""
    # Exponents of -80 and below are 0 in float32 all the same, and would warn.
    return (1 / (1 + np.exp(-np.clip(log_odds, -80, 80)))).astype(np.float32)


def numbered(items: Sequence[Item]) -> tuple[list[Item], Int64s]:
    """Each item object once, and for each entry its place among them. By identity: comparing items costs more."""
    places: dict[int, int] = {}
    distinct: list[Item] = []
    for item in items:
        if id(item) not in places:
            places[id(item)] = len(distinct)
            distinct.append(item)
    return distinct, np.array([places[id(item)] for item in items], np.int64)
