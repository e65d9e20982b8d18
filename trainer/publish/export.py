"""Trained towers -> a bundle: two SavedModels, their vocabularies, key terms, neighbours, golden examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tensorflow as tf

from multigrain import cut_off, golden, key_terms, neighbors
from multigrain.bundle import NEIGHBORS, RELEVANCE, VOCABULARY, Bundle, BundleFacts, open_bundle, seal
from multigrain.cut_off import CutOff
from multigrain.features.inputs import Inputs, Vocabularies, item_inputs, query_inputs
from multigrain.features.windows import Windows
from multigrain.finished import written_beside
from multigrain.golden import Golden
from multigrain.key_terms import KeyTerm
from multigrain.neighbors import Neighbors
from multigrain.text import analyzer
from multigrain.types import Float32s, Item
from trainer.configs.config import TrainingConfig
from trainer.data.examples import ExamplesManifest
from trainer.models.layers.layer import Tensor
from trainer.models.model import Model
from trainer.publish.towers import save_towers
from trainer.training.towers import TRAINING


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What goes into a bundle beside the towers."""

    vocabularies: Vocabularies
    terms: tuple[KeyTerm, ...]
    queries: tuple[tuple[str, Windows], ...]
    """Golden queries: real ones, some with and some without a history."""
    items: tuple[Item, ...]
    """Golden items."""
    scores: Mapping[str, float]
    span: ExamplesManifest
    neighbors: Neighbors = field(default_factory=Neighbors.none)
    """Empty: the bundle gets none."""
    cut_off: CutOff | None = None
    """None: the bundle gets none."""


def export_bundle(folder: Path, model: Model, parts: Exported, config: TrainingConfig, *, created_ms: int) -> Bundle:
    """Writes the bundle at `folder`, whole or not at all, and opens it as anybody else would."""
    with written_beside(folder) as draft:
        save_towers(draft, model, *_inputs(parts, config))
        parts.vocabularies.save(draft / VOCABULARY)
        key_terms.save(parts.terms, draft / RELEVANCE)
        if parts.cut_off is not None:
            cut_off.save(parts.cut_off, draft / RELEVANCE)
        if len(parts.neighbors):
            neighbors.save(parts.neighbors, draft / NEIGHBORS)
        (draft / TRAINING).write_text(config.model_dump_json(indent=1), encoding="utf-8")
        golden.save(_golden(model, parts, config), draft)
        facts = BundleFacts(
            model=config.model.name,
            dims=config.model.dims,
            analyzer=analyzer.NAME,
            text=config.text.to_floor(),
            windows=config.windows.to_floor(),
            trained_from_ms=parts.span.from_ms,
            trained_to_ms=parts.span.test_from_ms,
            scores=parts.scores,
            created_ms=created_ms,
        )
        seal(draft, facts)
    return open_bundle(folder)


def _golden(model: Model, parts: Exported, config: TrainingConfig) -> Golden:
    """Vectors from the model in memory, so that loading also checks the export."""
    queries, items = _inputs(parts, config)
    return Golden(
        queries=parts.queries,
        query_vectors=_vectors(model.query({key: tf.constant(array) for key, array in queries.items()})),
        items=parts.items,
        item_vectors=_vectors(model.item(**{key: tf.constant(array) for key, array in items.items()})),
    )


def _inputs(parts: Exported, config: TrainingConfig) -> tuple[Inputs, Inputs]:
    lengths, windows = config.text.to_floor(), config.windows.to_floor()
    return (
        query_inputs(parts.queries, parts.vocabularies, lengths, windows),
        item_inputs(parts.items, parts.vocabularies, lengths),
    )


def _vectors(tensor: Tensor) -> Float32s:
    return np.asarray(tensor.numpy(), np.float32)
