"""A bundle's towers as functions of words: text and history -> vector, item -> vector, and the first in two halves."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from multigrain.bundle import Bundle
from multigrain.compiled_towers import compiled
from multigrain.errors import BundleRefused
from multigrain.features.inputs import Ints, item_inputs, query_inputs
from multigrain.features.windows import WindowConfig, Windows
from multigrain.golden import TOLERANCE, furthest
from multigrain.saved_towers import (
    VECTOR,
    Function,
    QueryTower,
    load_item_tower,
    load_query_tower,
)
from multigrain.text import analyzer
from multigrain.types import Float32s, Item
from multigrain.user_states import UserStates

QUERIES_AT_ONCE = 256
ITEMS_AT_ONCE = 2048
"""Larger batches gain no speed, only memory."""

NO_HISTORY = Windows()


class Encoder(Protocol):
    """What the server, the stream and the publisher need of a model. Implementations are safe to call from threads."""

    @property
    def bundle_id(self) -> str: ...

    @property
    def dims(self) -> int: ...

    @property
    def windows(self) -> WindowConfig: ...

    def encode_queries(self, queries: Sequence[tuple[str, Windows]]) -> Float32s:
        """Vectors of B (text, history) pairs, [B, dims]. A batch of B equals B single calls."""
        ...

    def encode_items(self, items: Sequence[Item]) -> Float32s:
        """Vectors of B items, [B, dims]."""
        ...


@runtime_checkable
class SplitEncoder(Encoder, Protocol):
    """An encoder whose work on users can be kept: a query with a ready state costs a fraction of a whole one."""

    @property
    def texts_together(self) -> int:
        """The most texts of one encode_with_states that get, bit for bit, the vectors that each would get alone."""
        ...

    def encode_users(self, histories: Sequence[Windows]) -> UserStates:
        """States of B users, whatever they will ask. They hold for these histories and this bundle."""
        ...

    def encode_with_states(self, texts: Sequence[str], states: UserStates) -> Float32s:
        """Vectors of B texts asked by the users of B states, row by row, [B, dims].

        Equals encode_queries of the same texts and histories. Raises BundleRefused when another bundle made the states.
        """
        ...


class BundleEncoder:
    """An encoder that runs the towers of a bundle. Safe to call from threads: nothing changes after the start."""

    def __init__(self, bundle: Bundle, query_tower: QueryTower, item_tower: Function) -> None:
        self.query_tower, self._item_tower = query_tower, item_tower
        self._vocabularies = bundle.vocabularies()
        self._lengths = bundle.text
        self.windows = bundle.windows
        self.bundle_id = bundle.bundle_id
        self.dims = bundle.manifest.dims
        self.texts_together = query_tower.queries_together

    def encode_queries(self, queries: Sequence[tuple[str, Windows]]) -> Float32s:
        vectors = [np.zeros((0, self.dims), np.float32)]
        for start in range(0, len(queries), QUERIES_AT_ONCE):
            vectors.append(self.query_tower.whole(self.inputs(queries[start : start + QUERIES_AT_ONCE]))[VECTOR])
        return np.concatenate(vectors)

    def encode_users(self, histories: Sequence[Windows]) -> UserStates:
        # An empty batch goes through the tower, too: only it knows the shapes of a state.
        starts = range(0, max(1, len(histories)), QUERIES_AT_ONCE)
        parts = [[("", history) for history in histories[start : start + QUERIES_AT_ONCE]] for start in starts]
        states = [UserStates(self.bundle_id, self.query_tower.user(self.inputs(part))) for part in parts]
        return states[0] if len(states) == 1 else UserStates.joined(states)

    def encode_with_states(self, texts: Sequence[str], states: UserStates) -> Float32s:
        states.check_made_by(self.bundle_id)
        if len(texts) != len(states):
            raise ValueError(f"{len(texts)} texts and {len(states)} states: one state for each text")
        vectors = [np.zeros((0, self.dims), np.float32)]
        for start in range(0, len(texts), QUERIES_AT_ONCE):
            part = slice(start, start + QUERIES_AT_ONCE)
            kept = {name: array[part] for name, array in states.arrays.items()}
            inputs = self.inputs([(text, NO_HISTORY) for text in texts[part]])
            vectors.append(self.query_tower.query({**inputs, **kept})[VECTOR])
        return np.concatenate(vectors)

    def encode_items(self, items: Sequence[Item]) -> Float32s:
        vectors = [np.zeros((0, self.dims), np.float32)]
        for start in range(0, len(items), ITEMS_AT_ONCE):
            part = items[start : start + ITEMS_AT_ONCE]
            vectors.append(self._item_tower(item_inputs(part, self._vocabularies, self._lengths))[VECTOR])
        return np.concatenate(vectors)

    def inputs(self, queries: Sequence[tuple[str, Windows]]) -> Mapping[str, Ints]:
        """What the query tower reads of B (text, history) pairs."""
        return query_inputs(queries, self._vocabularies, self._lengths, self.windows)


def load_encoder(bundle: Bundle, *, verify_golden: bool = True) -> BundleEncoder:
    """The towers of `bundle`, for any size of batch. Takes seconds the first time: it imports TensorFlow.

    Raises BundleRefused when the bundle needs another analyzer, lacks a signature or a golden example does not
    reproduce, and Missing when TensorFlow is not installed.
    """
    _check_analyzer(bundle)
    encoder = BundleEncoder(bundle, load_query_tower(bundle.path), load_item_tower(bundle.path))
    if verify_golden:
        check_golden(bundle, encoder)
    return encoder


def load_compiled_encoder(bundle: Bundle) -> BundleEncoder:
    """The same, for who asks one query or a few at a time, in halves: those run several times faster, and loading takes
    seconds more.

    Every golden query is checked twice, in a batch and alone, in two halves.
    """
    _check_analyzer(bundle)
    graph = load_query_tower(bundle.path)
    encoder = BundleEncoder(bundle, compiled(graph), load_item_tower(bundle.path))
    check_golden(bundle, encoder)
    golden = bundle.golden()
    for row, (text, history) in enumerate(golden.queries):
        halves = encoder.encode_with_states([text], encoder.encode_users([history]))
        _, apart = furthest(golden.query_vectors[row : row + 1], halves)
        _refuse_if_off(bundle, f"compiled query {row} ({text!r})", apart)
    return encoder


def _check_analyzer(bundle: Bundle) -> None:
    if bundle.manifest.analyzer != analyzer.NAME:
        raise BundleRefused(
            f"{bundle.path}: made with analyzer {bundle.manifest.analyzer}, this program has {analyzer.NAME}: "
            "train again, or run the version that made it"
        )


def check_golden(bundle: Bundle, encoder: Encoder) -> None:
    """Computes the golden examples again, text to vector. Raises BundleRefused naming the one that is off most."""
    golden = bundle.golden()
    checks = (
        ("query", [text for text, _ in golden.queries], golden.query_vectors, encoder.encode_queries(golden.queries)),
        ("item", [item.item_id for item in golden.items], golden.item_vectors, encoder.encode_items(golden.items)),
    )
    for kind, names, expected, computed in checks:
        row, apart = furthest(expected, computed)
        _refuse_if_off(bundle, f"{kind} {row} ({names[row]!r})", apart)


def _refuse_if_off(bundle: Bundle, example: str, apart: float) -> None:
    if apart > TOLERANCE:
        raise BundleRefused(
            f"{bundle.path}: golden {example} is {apart:.2g} off, {TOLERANCE:.0e} allowed: "
            "this machine would give other vectors than the model was trained to"
        )
