"""Refill against indexes that behave as real ones do: exact, short when filtered, late."""

import asyncio
import random
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.errors import IndexUnavailable
from multigrain.features.windows import Windows
from multigrain.index import specs
from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import ABSENT, Found, HardFilter, IndexRows
from multigrain.types import Float32s, Int64s, Item
from server.channels.asking import ask_all
from server.channels.channel import Question
from server.channels.vector import VectorChannel
from server.deadline import Deadline
from server.draft import Draft, draft
from server.encoding.query_encodings import QueryEncodings
from server.generations.live import LiveGeneration
from server.refill import refill
from server.relax import relax
from server.relevance.relaxing import as_asked
from server.relevance.rule import Case
from server.request import ChannelName, ChannelQuota, RelevanceMode, Request
from server.result import Degraded, Verdict
from server.understanding.intent import Demand, Intent
from server.understanding.tagger import Tagger
from tests.builders import WordEncoder, an_item
from tests.unit.server.shelf import columns_of
from tests.unit.server.test_live import a_generation

DIMS = 8
ITEMS = [an_item(n, title=f"word{n}", brand="adidas" if n % 10 == 0 else "nike") for n in range(1, 101)]
"""100 items, 10 of them of adidas, spread over the whole list."""


OF_ADIDAS = Intent(brands=(Demand(value="adidas", confidence=0.9, words=("adidas",)),))


class WatchedIndex(ExactIndex):
    """An exact index that remembers what it was asked. It comes back short when it filters, or never finds the `lost`,
    where told so; to whoever asks for rows it has them all.
    """

    def __init__(self, *, short_when_filtered: bool = False, lost: Collection[int] = ()) -> None:
        super().__init__("watched", dims=DIMS)
        self.asked: list[tuple[int, bool]] = []
        self.read: list[list[int]] = []
        self._short = short_when_filtered
        self._lost = np.array(sorted(lost), np.int64)

    def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
        self.asked.append((k, only is not None))
        if only is not None and self._short:
            return Found(np.full((1, k), ABSENT), np.full((1, k), -np.inf, np.float32))
        found = super().search(vectors, k, only=only, timeout_seconds=timeout_seconds)
        return Found(np.where(np.isin(found.item_nos, self._lost), ABSENT, found.item_nos), found.scores)

    def rows_of(self, item_nos: Int64s) -> IndexRows:
        self.read.append(item_nos.tolist())
        return super().rows_of(item_nos)


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
    index: ExactIndex,
    *,
    limit: int,
    items: list[Item] = ITEMS,
    seconds: float = 5,
    indexed: Collection[int] | None = None,
    least_score: float | None = None,
    floor: int = 0,
    intent: Intent = OF_ADIDAS,
    **changes: Any,
) -> tuple[Draft, Draft, Degraded | None]:
    """The draft before, the draft after, and what was marked. `indexed`: None: every item is in the index."""

    async def run() -> tuple[Draft, Draft, Degraded | None]:
        request = Request(request_id="r-1", query="word7", limit=limit, channels=ONLY_VECTOR)
        request = replace(request, **changes)
        columns = columns_of(*items)
        case = Case(columns=columns, intent=intent, filters=request.filters, least_score=least_score)
        encodings = QueryEncodings()
        live = a_live(index, items)
        index.delete(
            np.array([n for n in range(1, len(items) + 1) if indexed is not None and n not in indexed], np.int64)
        )
        question = Question(live, request.query, Windows(), encodings=encodings)
        channel = VectorChannel()
        reports = await ask_all([channel], question, request, seconds=5)
        first = draft(reports, as_asked(case), request.mode, request.fusion, request.channels)
        first = await relax(first, request, floor)
        after, marked = await refill(first, request, question, [channel], Deadline.after(seconds))
        channel.close()
        encodings.close()
        return first, after, marked

    return asyncio.run(run())


ONLY_VECTOR = (ChannelQuota(ChannelName.VECTOR, None),)


def test_few_that_are_missing_are_named_to_the_index() -> None:
    index = WatchedIndex()
    first, after, marked = refilled(index, limit=8)
    missing = 10 - len(first.judgement.kept)
    assert missing > 2
    assert len(after.judgement.kept) >= 8
    assert index.asked == [(8, False), (min(8, missing), True)]
    assert index.read == []
    assert marked is None


def test_where_many_are_missing_one_filtered_search_fills_the_holes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.refill.FEW", 0)
    index = WatchedIndex()
    _, after, marked = refilled(index, limit=8)
    assert len(after.judgement.kept) >= 8
    assert index.asked == [(8, False), (8, True)]
    assert marked is None


def test_a_filtered_search_goes_twice_as_deep_while_that_brings_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.refill.FEW", 0)
    # Half of adidas is sold out, which the index does not know.
    items = [
        an_item(n, title=f"word{n}", brand="adidas" if n <= 40 else "nike", stock=n % 2 * 3) for n in range(1, 101)
    ]
    index = WatchedIndex()
    _, after, marked = refilled(index, limit=12, items=items)
    assert len(after.judgement.kept) >= 12
    assert index.asked[:3] == [(12, False), (12, True), (24, True)]
    assert index.read == []
    assert marked is None


def test_demands_that_the_index_cannot_check_are_worth_more_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.refill.FEW", 0)
    red = Intent(attributes=(Demand(name="colour", value="red", confidence=0.9, words=("red",)),))
    items = [an_item(n, title=f"word{n}", attributes={"colour": "red" if n > 90 else "blue"}) for n in range(1, 101)]
    index = WatchedIndex()
    first, after, marked = refilled(index, limit=10, items=items, intent=red)
    assert index.asked == [(10, False), (10 - len(first.judgement.kept), True)]
    assert sorted(after.judgement.kept.item_nos.tolist()) == list(range(91, 101))
    assert marked is None


def test_what_an_index_that_filters_badly_passes_over_is_compared() -> None:
    index = WatchedIndex(short_when_filtered=True)
    first, after, marked = refilled(index, limit=10)
    assert len(after.judgement.kept) == 10
    missing = sorted({*range(10, 101, 10)} - set(first.judgement.kept.item_nos.tolist()))
    assert index.asked == [(10, False), (len(missing), True)]
    assert index.read == [missing]
    assert marked is None


def test_what_no_search_finds_is_read_from_the_index_and_compared() -> None:
    index = WatchedIndex(lost=(10, 50, 100))
    _, after, marked = refilled(index, limit=10)
    assert sorted(after.judgement.kept.item_nos.tolist()) == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert index.read == [[10, 50, 100]]
    assert marked is None


def test_what_was_swept_stands_where_its_score_puts_it() -> None:
    _, found, _ = refilled(WatchedIndex(), limit=10)
    _, swept, _ = refilled(WatchedIndex(lost=(10, 50, 100)), limit=10)
    assert swept.judgement.kept.item_nos.tolist() == found.judgement.kept.item_nos.tolist()


def test_an_item_that_the_index_does_not_hold_is_looked_for_once() -> None:
    index = WatchedIndex()
    _, after, marked = refilled(index, limit=10, indexed=set(range(1, 101)) - {10, 50})
    assert sorted(after.judgement.kept.item_nos.tolist()) == [20, 30, 40, 60, 70, 80, 90, 100]
    assert index.read == [[10, 50]]
    assert marked is None, "no search could have helped"


def test_a_sweep_takes_pages_and_stops_at_so_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.refill.SWEPT_AT_ONCE", 2)
    monkeypatch.setattr("server.refill.NAMED_MAX", 5)
    index = WatchedIndex(lost=range(1, 101))
    _, after, marked = refilled(index, limit=10)
    assert index.read == [[10, 20], [30, 40], [50]]
    assert sorted(after.judgement.kept.item_nos.tolist()) == [10, 20, 30, 40, 50]
    assert marked is Degraded.NOT_FILLED, "there are more"


def test_a_sweep_that_fails_is_marked_and_what_was_found_stays() -> None:
    class Torn(WatchedIndex):
        def rows_of(self, item_nos: Int64s) -> IndexRows:
            raise IndexUnavailable("gone")

    _, after, marked = refilled(Torn(lost=(10,)), limit=10)
    assert sorted(after.judgement.kept.item_nos.tolist()) == [20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert marked is Degraded.NOT_FILLED


def test_behind_the_cut_off_nothing_is_looked_for() -> None:
    index = WatchedIndex()
    # All of adidas that lies nearer than the tenth item; what lies deeper is farther away.
    first, after, marked = refilled(index, limit=40, least_score=10.0)
    assert Verdict.SCORE in first.judgement.dropped_verdicts
    assert (index.asked, after, marked) == ([(40, False)], first, None)


def test_what_meets_every_demand_is_looked_for_first_when_demands_were_given_up() -> None:
    red = Intent(attributes=(Demand(name="colour", value="red", confidence=0.9, words=("red",)),))
    items = [an_item(n, title=f"word{n}", attributes={"colour": "red" if n > 97 else "blue"}) for n in range(1, 101)]
    index = WatchedIndex()
    _, after, marked = refilled(index, limit=5, items=items, floor=5, intent=red)
    assert after.standard.given_up == ("colour red",)
    assert sorted(after.judgement.kept.item_nos.tolist()[:3]) == [98, 99, 100]
    assert after.judgement.kept_verdicts.tolist()[:4] == [Verdict.KEPT] * 3 + [Verdict.ATTRIBUTE]
    assert index.asked == [(5, False), (3, True)], "a search among the three, and no other"
    assert marked is None


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_whatever_a_search_misses_the_answer_is_as_long_as_it_can_be(rng: random.Random) -> None:
    count = rng.randint(1, 80)
    share = rng.choice((0.05, 0.3, 0.9))
    items = [
        an_item(n, title=f"word{n}", brand="adidas" if rng.random() < share else "nike", stock=rng.choice((0, 3, 3)))
        for n in range(1, count + 1)
    ]
    everybody = range(1, count + 1)
    lost = {n for n in everybody if rng.random() < rng.choice((0, 0.2, 1))}
    indexed = {n for n in everybody if rng.random() < 0.9}
    limit = rng.randint(1, 40)
    index = WatchedIndex(short_when_filtered=rng.random() < 0.5, lost=lost)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("server.refill.FEW", rng.choice((0, 5, 4_000)))
        _, after, marked = refilled(index, limit=limit, items=items, indexed=indexed)
    good = {n for n in indexed if items[n - 1].brand == "adidas" and items[n - 1].stock}
    kept = after.judgement.kept.item_nos.tolist()
    assert set(kept) <= good
    assert min(limit, len(kept)) == min(limit, len(good))
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
