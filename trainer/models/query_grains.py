"""By which grains a query is read: chosen here, for every model that reads them."""

import numpy as np

from trainer.configs.config import ModelConfig
from trainer.models.layers.grains import Grains
from trainer.models.layers.tables import CHARACTERS, Tables
from trainer.models.layers.word_grain import WordGrain


def kinds_read(config: ModelConfig) -> tuple[str, ...]:
    """The tables of text that the grains, and the titles of items, are read from."""
    return (*CHARACTERS, "word") if config.grains == "multi" else ("word",)


def make_grains(
    tables: Tables, config: ModelConfig, *, query_words: int, rng: np.random.Generator
) -> Grains | WordGrain:
    """Six grains of `query_words` words at most, or one."""
    if config.grains == "words":
        return WordGrain(tables)
    return Grains(
        tables, dims=config.dims, heads=config.heads, layers=config.transformer_layers, words=query_words, rng=rng
    )
