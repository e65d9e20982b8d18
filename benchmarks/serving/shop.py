"""The shop that is served: the marketplace of the paper's bundle, its items in many editions, and what is asked of it.

Item n is item n modulo ITEMS of the marketplace in an edition of its own, so a million items cost no more thought than
four thousand, and every word and every demand stays one that the bundle knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.paper_bundle import DAYS, ITEMS, SEED, USERS
from multigrain.encoder import Encoder
from multigrain.features.windows import Windows
from multigrain.types import Float32s, Item, ItemId
from server.understanding.intent import Intent
from server.understanding.tagger import Tagger
from trainer.data.key_terms import build_key_terms
from trainer.data.logs import items_of
from trainer.data.market.marketplace import make_marketplace

HISTORIES_OF_A_MEANING = 3
NOISE, EDITION_NOISE = 0.5, 0.35
"""Lengths beside a meaning of 1: of an item's own direction, and of what sets its editions apart."""


@dataclass(frozen=True, slots=True)
class Shop:
    """What there is, and what people type."""

    models: tuple[Item, ...]
    """The marketplace's items."""
    texts: tuple[str, ...]
    """What its shoppers typed first; some demand a brand or a category, some nothing."""

    def item(self, number: int) -> Item:
        """Item `number`, from 0."""
        edition, row = divmod(number, len(self.models))
        model = self.models[row]
        return replace(model, item_id=self.item_id(number), title=f"{model.title} no {edition}")

    def item_id(self, number: int) -> ItemId:
        """The first edition of a model bears the model's own id: what the bundle's vocabularies know."""
        edition, row = divmod(number, len(self.models))
        model_id = self.models[row].item_id
        return ItemId(f"{model_id}-{edition}") if edition else model_id


def make_shop(texts: int) -> Shop:
    """The same shop each time, asked so many different queries."""
    logs = make_marketplace(items=ITEMS, users=USERS, days=DAYS, seed=SEED)
    typed = dict.fromkeys(logs.searches["query"].to_pylist())
    return Shop(tuple(items_of(logs)), tuple(typed)[:texts])


def model_vectors(encoder: Encoder, shop: Shop, histories: Sequence[Windows]) -> Float32s:
    """A vector for each model, [models, dims]: near the queries whose demands it meets, as training would put it.

    The towers are not trained. With their own vectors one candidate in ten would meet a query's demand, and nearly
    every request would search again and again: a shop that no model has looked at.
    """
    rng = np.random.default_rng(SEED)
    meanings = _meanings(encoder, shop, histories)
    vectors = rng.normal(size=(len(shop.models), encoder.dims)).astype(np.float32)
    vectors *= NOISE / encoder.dims**0.5
    tagger = Tagger(build_key_terms(shop.models))
    for text, meaning in zip(shop.texts, meanings, strict=True):
        intent = tagger.understand(text)
        if intent.brand_names or intent.category_paths:
            vectors[[row for row, model in enumerate(shop.models) if _meets(model, intent)]] += meaning
    return _of_length_one(vectors)


def edition_vectors(models: Float32s, first: int, count: int) -> Float32s:
    """Vectors of the items from number `first` on, [count, dims]; the same ones each time."""
    rng = np.random.default_rng((SEED, first))
    noise = rng.standard_normal((count, models.shape[1]), dtype=np.float32) * (EDITION_NOISE / models.shape[1] ** 0.5)
    return _of_length_one(models[np.arange(first, first + count) % len(models)] + noise)


def _meanings(encoder: Encoder, shop: Shop, histories: Sequence[Windows]) -> Float32s:
    """Where each text lies, whoever asks it: the middle of what it is with some histories."""
    asked = [
        (text, histories[(number + step) % len(histories)])
        for number, text in enumerate(shop.texts)
        for step in range(HISTORIES_OF_A_MEANING)
    ]
    vectors = encoder.encode_queries(asked).reshape(len(shop.texts), HISTORIES_OF_A_MEANING, encoder.dims)
    return _of_length_one(vectors.mean(axis=1))


def _meets(model: Item, intent: Intent) -> bool:
    path = "/".join(model.category_path)
    return (not intent.brand_names or model.brand in intent.brand_names) and (
        not intent.category_paths
        or any(path == asked or path.startswith(f"{asked}/") for asked in intent.category_paths)
    )


def _of_length_one(vectors: Float32s) -> Float32s:
    normed: Float32s = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normed
