"""Judges once more by fewer demands, where hardly an item of the catalogue meets them all."""

import asyncio

from server.draft import Draft, draft
from server.relevance.relaxing import clauses_of, relaxed
from server.request import RelevanceMode, Request


def is_scant(first: Draft, request: Request, floor: int) -> bool:
    """Whether it is worth counting. Where the channels alone bring the floor, so does the catalogue."""
    return (
        request.mode is RelevanceMode.FILL
        and len(first.judgement.kept) < min(request.limit, floor)
        and bool(clauses_of(first.standard.asked.intent))
    )


async def relax(first: Draft, request: Request, floor: int) -> Draft:
    """The draft by what is left of the demands; the same where nothing is given up. `floor`: as few items as may meet
    the demands; never more than the limit.
    """
    # In a thread: of a large catalogue each count takes milliseconds.
    standard = await asyncio.to_thread(relaxed, first.standard.asked, request.mode, min(request.limit, floor))
    if not standard.gone:
        return first
    return draft(first.reports, standard, request.mode, request.fusion, request.channels)
