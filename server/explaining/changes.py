"""How a request, its query or the catalogue would have to differ for one item to pass the rules that it fails. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from multigrain.catalog.columns import CatalogueColumns
from multigrain.types import ItemStatus
from server.explaining.reasons import contradicted, missing_words
from server.relevance.membership import in_category, of_brand, of_shop
from server.relevance.rule import Case, Test
from server.request import ChannelName, ChannelQuota, RelevanceMode, Request
from server.result import Verdict
from server.understanding.intent import Demand, Intent

HARD = frozenset({Verdict.STATUS, Verdict.FILTER})
"""These hold in every mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A request that is put otherwise, or to another catalogue."""

    request: Request
    intent: Intent
    columns: CatalogueColumns
    words: tuple[str, ...] = ()
    """What is otherwise, for people: 'in stock', 'a limit of 1,203'."""

    def told(self) -> str:
        """All of it: 'in stock, and a limit of 1,203'."""
        return ", and ".join(self.words)

    def limited(self, limit: int) -> "Change":
        """With this limit."""
        request = replace(self.request, limit=limit)
        return replace(self, request=request, words=(*self.words, f"a limit of {limit:,}"))

    def in_mode(self, mode: RelevanceMode) -> "Change":
        """In this mode."""
        return replace(self, request=replace(self.request, mode=mode), words=(*self.words, f"mode {mode.name}"))

    def with_quota(self, channel: ChannelName, quota: int) -> "Change":
        """With this quota for a channel."""
        others = self.request.channels
        channels = tuple(ChannelQuota(channel, quota, one.weight) if one.channel is channel else one for one in others)
        words = f"a {channel.name.lower()} quota of {quota:,}"
        return replace(self, request=replace(self.request, channels=channels), words=(*self.words, words))


def changes_for(request: Request, case: Case, item_no: int, failures: Sequence[Verdict]) -> list[Change]:
    """The ways past everything that the item fails: without the demands that it misses, or in another mode. Without
    failures the one way is to ask as it was asked.
    """
    # Of the request, and of the catalogue: these every way needs.
    way = Change(request=request, intent=case.intent, columns=case.columns)
    for failure, past in ((Verdict.STATUS, _sold), (Verdict.FILTER, _let_through)):
        if failure in failures:
            way = past(way, case, item_no)
    soft = [failure for failure in failures if failure not in HARD]
    if not soft:
        return [way]
    ways = [] if Verdict.SCORE in soft else [_without_demands(way, case, item_no, soft)]
    modes = [RelevanceMode.OFF] if Verdict.EXCLUDED in soft else [RelevanceMode.OFF, RelevanceMode.DEMOTE]
    return [*ways, *(way.in_mode(mode) for mode in modes if mode is not request.mode)]


def _sold(way: Change, case: Case, item_no: int) -> Change:
    """With the item active and in stock."""
    status, stock = case.columns.status.copy(), case.columns.stock.copy()
    words = []
    if status[item_no] != ItemStatus.ACTIVE:
        status[item_no] = ItemStatus.ACTIVE
        words.append("active")
    if stock[item_no] <= 0:
        stock[item_no] = 1
        words.append("in stock")
    return replace(way, columns=replace(case.columns, status=status, stock=stock), words=(*way.words, *words))


def _let_through(way: Change, case: Case, item_no: int) -> Change:
    """With filters that take the item, too; one that no item without a name can pass is left out."""
    columns, filters, words = case.columns, case.filters, list(way.words)
    brand, shop = columns.brand_of(item_no), columns.shop_of(item_no)
    category, price = "/".join(columns.category_path_of(item_no)), float(columns.price[item_no])
    if filters.brands and not _meets(of_brand(columns, filters.brands), item_no):
        filters = replace(filters, brands=_widened(filters.brands, brand))
        words.append(_filter_that_takes("brand", brand))
    if filters.categories and not _meets(in_category(columns, filters.categories), item_no):
        filters = replace(filters, categories=_widened(filters.categories, category))
        words.append(_filter_that_takes("category", category))
    if filters.shops and not _meets(of_shop(columns, filters.shops), item_no):
        filters = replace(filters, shops=_widened(filters.shops, shop))
        words.append(_filter_that_takes("shop", shop))
    low, high = filters.min_price, filters.max_price
    if (low is not None and not price >= np.float32(low)) or (high is not None and not price <= np.float32(high)):
        filters = replace(filters, min_price=_least(low, price), max_price=_most(high, price))
        # As many digits as tell it from its neighbours in the column, which keeps fewer than a filter may have.
        words.append(f"a filter that takes price {np.format_float_positional(columns.price[item_no], trim='-')}")
    return replace(way, request=replace(way.request, filters=filters), words=tuple(words))


def _without_demands(way: Change, case: Case, item_no: int, failures: Sequence[Verdict]) -> Change:
    """Without what of the query's intent stands against the item."""
    intent, columns = case.intent, case.columns
    names = contradicted(case, item_no) if Verdict.ATTRIBUTE in failures else []
    words = missing_words(case, item_no) if Verdict.WORD in failures else []
    against: list[tuple[str, Demand]] = [
        *(("category", demand) for demand in intent.categories if Verdict.CATEGORY in failures),
        *(("brand", demand) for demand in intent.brands if Verdict.BRAND in failures),
        *((demand.name, demand) for demand in intent.attributes if demand.name in names),
        *(("word", demand) for demand in intent.words if demand.value in words),
    ]
    barring: list[tuple[str, Demand]] = [
        *(("brand", bar) for bar in intent.without_brands if _meets(of_brand(columns, [bar.value]), item_no)),
        *(("category", bar) for bar in intent.without_categories if _meets(in_category(columns, [bar.value]), item_no)),
    ]
    told = list(way.words)
    if against:
        told.append(f"without the demand{'s' if len(against) > 1 else ''} {_named(against)}")
    if barring:
        told.append(f"{_named(barring)} not kept out")
    gone = [demand for _, demand in (*against, *barring)]
    return replace(way, intent=_intent_without(intent, gone), words=tuple(told))


def _intent_without(intent: Intent, gone: Sequence[Demand]) -> Intent:
    # Told apart by identity: a word and a brand may be equal in every field.
    ids = {id(demand) for demand in gone}
    left = {
        part.name: tuple(demand for demand in getattr(intent, part.name) if id(demand) not in ids)
        for part in fields(intent)
    }
    return Intent(**left)


def _named(demands: Sequence[tuple[str, Demand]]) -> str:
    return " and ".join(f"{name} {demand.value}" for name, demand in demands)


def _widened(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    """Also that value; no filter at all where the item has none."""
    return (*values, value) if value else ()


def _filter_that_takes(field: str, value: str) -> str:
    return f"a filter that takes {field} {value}" if value else f"no filter of the {field}"


def _least(low: float | None, price: float) -> float | None:
    return None if low is None else min(low, price)


def _most(high: float | None, price: float) -> float | None:
    return None if high is None else max(high, price)


def _meets(test: Test, item_no: int) -> bool:
    return bool(test(np.array([item_no], np.int64))[0])
