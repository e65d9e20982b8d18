"""Gathers what a case is judged by, before anything is judged: judging looks nothing up elsewhere and cannot fail."""

from dataclasses import replace

from multigrain.catalog.columns import CatalogueColumns
from multigrain.cut_off import CutOff
from multigrain.types import Float32s
from server.channels.lexical import Titles
from server.relevance.cut_off import least_score
from server.relevance.rule import Case
from server.request import Filters
from server.understanding.intent import Intent


def case_of(columns: CatalogueColumns, titles: Titles, intent: Intent, filters: Filters) -> Case:
    """With the titles that hold the demanded words: milliseconds for a word of many titles, else less than one."""
    holders = {demand.value: titles.holders(demand.value) for demand in intent.words}
    return Case(columns=columns, intent=intent, filters=filters, holders=holders)


def with_cut_off(case: Case, cut_off: CutOff | None, vector: Float32s | None) -> Case:
    """`cut_off`: None: the bundle has none. `vector`: of the query, [1, dims]; None: the vector channel found nothing,
    so there is nothing to cut off."""
    least = least_score(cut_off, vector)
    return case if least is None else replace(case, least_score=least)
