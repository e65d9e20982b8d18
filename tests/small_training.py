"""A marketplace and a model small enough to be trained inside a test, in seconds."""

from typing import Any

from trainer.configs.config import TrainingConfig
from trainer.data.logs import Logs
from trainer.data.market.marketplace import make_marketplace


def small_logs(*, seed: int = 3) -> Logs:
    return make_marketplace(items=200, users=60, days=5, seed=seed)


def small_config(**changes: Any) -> TrainingConfig:  # Any: sections by name, e.g. loss={"mixed": 4}
    sections: dict[str, dict[str, Any]] = {
        "model": {"dims": 16, "side_dims": 4, "heads": 2, "item_side_features": True},
        "windows": {
            "short_days": 2.0,
            "realtime_length": 4,
            "short_length": 5,
            "long_length": 3,
            "queries_length": 2,
        },
        "text": {"query_unigrams": 12, "query_bigrams": 6, "query_words": 5, "title_words": 8},
        "vocabulary": {
            "unigram_buckets": 10,
            "bigram_buckets": 10,
            "word_buckets": 10,
            "item_buckets": 10,
            "side_buckets": 3,
        },
        "loss": {"pool": 32},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "run": {"batch_size": 16, "epochs": 1, "shards": 2, "golden": 3},
    }
    for name, section in changes.items():
        sections[name] = {**sections.get(name, {}), **section}
    return TrainingConfig.model_validate(sections)
