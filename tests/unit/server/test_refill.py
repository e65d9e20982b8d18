"""Refill against indexes that behave as real ones do: exact, short when filtered, late."""

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from multigrain.features.windows import Windows
from multigrain.index import specs
from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import Found, HardFilter, IndexRows
from multigrain.types import Float32s, Item
from server.channels.asking import ask_all
from server.channels.channel import Question
from server.channels.vector import VectorChannel
from server.deadline import Deadline
from server.draft import Draft, draft
from server.encoding.query_encodings import QueryEncodings
from server.live import LiveGeneration
from server.refill import refill
from server.relevance.rule import Case
from server.request import ChannelName, ChannelQuota, RelevanceMode, Request
from server.result import Degraded
from server.understanding.intent import Demand, Intent
from server.understanding.tagger import Tagger
from tests.builders import WordEncoder, an_item
from tests.unit.server.shelf import columns_of
from tests.unit.server.test_live import a_generation

DIMS = 8
ITEMS = [an_item(n, title=f"word{n}", brand="adidas" if n % 10 == 0 else "nike") for n in range(1, 101)]
"""100 items, 10 of them of adidas, spread over the whole list."""


class WatchedIndex(ExactIndex):
    """An exact index that remembers what it was asked, and comes back short when it filters, where told so."""

    def __init__(self, *, short_when_filtered: bool = False) -> None:
        super().__init__("watched", dims=DIMS)
        self.asked: list[tuple[int, bool]] = []
        self._short = short_when_filtered

    def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
        self.asked.append((k, only is not None))
        if only is not None and self._short:
            return Found(np.full((1, k), -1, np.int64), np.full((1, k), -np.inf, np.float32))
        return super().search(vectors, k, only=only, timeout_seconds=timeout_seconds)


def a_live(index: ExactIndex, items: list[Item]) -> LiveGeneration:
    encoder = WordEncoder(DIMS)
    index.upsert(
        IndexRows(
            item_nos=np.arange(1, len(items) + 1),
            vectors=encoder.encode_items(items),
            revisions=np.ones(len(items), np.int64),
            brands=[item.brand for item in items],
            categories=["/".join(item.category_path) for item in items],
            shops=[item.shop for item in items],
            statuses=[int(item.status) for item in items],
            titles=[item.title for item in items],
        )
    )
    return LiveGeneration(
        generation=replace(a_generation("g-1"), dims=DIMS),
        encoder=encoder,
        index=index,
        tagger=Tagger([]),
        max_k=specs.Flat().max_k,
    )


def refilled(
    index: ExactIndex, *, limit: int, items: list[Item] = ITEMS, seconds: float = 5, **changes: Any
) -> tuple[Draft, Draft, Degraded | None]:
    """The draft before, the draft after, and what was marked."""

    async def run() -> tuple[Draft, Draft, Degraded | None]:
        request = Request(request_id="r-1", query="word7", limit=limit, channels=ONLY_VECTOR)
        request = replace(request, **changes)
        adidas = Intent(brands=(Demand(value="adidas", confidence=0.9, words=("adidas",)),))
        case = Case(columns=columns_of(*items), intent=adidas, filters=request.filters)
        encodings = QueryEncodings()
        question = Question(a_live(index, items), request.query, Windows(), encodings=encodings)
        channel = VectorChannel()
        reports = await ask_all([channel], question, request, seconds=5)
        first = draft(reports, case, request.mode, request.fusion, request.channels)
        after, marked = await refill(first, request, case, question, [channel], Deadline.after(seconds))
        channel.close()
        encodings.close()
        return first, after, marked

    return asyncio.run(run())


ONLY_VECTOR = (ChannelQuota(ChannelName.VECTOR, None),)


def test_one_filtered_search_fills_the_holes() -> None:
    index = WatchedIndex()
    first, after, marked = refilled(index, limit=8)
    assert len(first.judgement.kept) < 8
    assert len(after.judgement.kept) >= 8
    assert index.asked == [(8, False), (8, True)]
    assert marked is None


def test_an_index_that_is_short_when_filtered_is_asked_twice_as_deep_until_it_suffices() -> None:
    index = WatchedIndex(short_when_filtered=True)
    _, after, marked = refilled(index, limit=10)
    assert len(after.judgement.kept) == 10
    assert index.asked[:4] == [(10, False), (10, True), (20, False), (40, False)]
    assert [k for k, _ in index.asked] == sorted(k for k, _ in index.asked)
    assert marked is None


def test_nothing_is_searched_when_no_further_item_could_pass() -> None:
    index = WatchedIndex()
    few = [an_item(1, brand="adidas"), *(an_item(n, brand="nike") for n in range(2, 31))]
    first, after, marked = refilled(index, limit=30, items=few)
    assert len(first.judgement.kept) == 1
    assert after is first
    assert index.asked == [(30, False)]
    assert marked is None


def test_what_is_kept_stays_in_its_order_when_more_comes() -> None:
    first, after, _ = refilled(WatchedIndex(), limit=8)
    kept = first.judgement.kept.item_nos.tolist()
    assert after.judgement.kept.item_nos.tolist()[: len(kept)] == kept


@pytest.mark.parametrize("mode", [RelevanceMode.STRICT, RelevanceMode.DEMOTE, RelevanceMode.OFF])
def test_other_modes_are_not_filled(mode: RelevanceMode) -> None:
    index = WatchedIndex()
    refilled(index, limit=8, mode=mode)
    assert index.asked == [(8, False)]


def test_a_channel_with_a_quota_is_not_asked_deeper() -> None:
    index = WatchedIndex()
    refilled(index, limit=8, channels=(ChannelQuota(ChannelName.VECTOR, 8),))
    assert index.asked == [(8, False)]


def test_no_time_left_is_marked_and_the_draft_stays() -> None:
    first, after, marked = refilled(WatchedIndex(), limit=8, seconds=0)
    assert marked is Degraded.NOT_FILLED
    assert after is first
