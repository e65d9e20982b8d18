"""The histories of JDsearch: four lists a session, one entry for each thing that the user did.

Entries are oldest first. The set's authors say so, and the sample bears it out: read in this order, orders reach back
a year, carts 90 days and clicks five days, which is how long a shop keeps each; in the other order every click would be
older than the newest order by ten months. The list of gaps has one entry more than the others: the seconds since the
entry before (0 for the first), and at its end the seconds from the newest entry to the test search.

Each entry stays one event: nothing is implied, since weaker actions have entries of their own for as long as they were
kept. Neighbouring entries with one query, at most half an hour apart, came from one search, which is dated at the first
of them; what it showed was not recorded. Query -1: the entry came from no search.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.errors import InvalidLog
from multigrain.types import Bools, Int64s
from trainer.data.importers.log_tables import events_table, numbered, searches_table
from trainer.data.log_marks import list_length, row_in

LIST_SEPARATOR = "_"
TERM_SEPARATOR = "\x18"
NO_QUERY = "-1"
SAME_SEARCH_SECONDS = 30 * 60
TYPES = pa.chunked_array([["CLICK", "FLW", "CART", "ORD"]])
ACTIONS = pa.array(["click", "collect", "cart", "order"])

QUERIES, ITEMS, KINDS, GAPS = "history_qry_list", "history_wid_list", "history_type_list", "history_time_list"


@dataclass(frozen=True, slots=True)
class History:
    """What all sessions' users did before."""

    searches: pa.Table
    events: pa.Table


def history_schema() -> list[pa.Field]:
    """A null or empty list: a user without a history."""
    return [pa.field(name, pa.string()) for name in (QUERIES, ITEMS, KINDS, GAPS)]


def read_history(sessions: pa.Table, test_ms: Int64s, file: str) -> History:
    """`test_ms [sessions]`: when the test searches took place."""
    lists = {name: _split(sessions[name]) for name in (QUERIES, ITEMS, KINDS, GAPS)}
    lengths = list_length(lists[ITEMS])
    _refuse_unequal(lists, lengths, file)
    session = np.repeat(np.arange(len(sessions)), lengths)
    query = pc.list_flatten(lists[QUERIES])
    since_last, until_test = _seconds(lists[GAPS], lengths, file)
    at_ms = test_ms[session] - until_test * 1000
    first = _first_of_search(query, session, since_last)
    searched = pc.not_equal(query, NO_QUERY).to_numpy()
    numbers = np.arange(len(session))
    # An entry belongs to the newest search that began at it or before.
    search_id = numbered("history", np.maximum.accumulate(np.where(first, numbers, 0)))
    user_id = numbered("user", session)
    searches = searches_table(
        search_id=search_id, user_id=user_id, at_ms=at_ms, query=pc.replace_substring(query, TERM_SEPARATOR, " ")
    )
    events = events_table(
        event_id=numbered("history", numbers),
        user_id=user_id,
        item_id=pc.list_flatten(lists[ITEMS]),
        action=_actions(pc.list_flatten(lists[KINDS]), session, file),
        at_ms=at_ms,
        search_id=pc.if_else(pa.array(searched), search_id, pa.scalar(None, pa.string())),
    )
    return History(searches.filter(pa.array(first)), events)


def _split(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    nothing = pa.scalar([], pa.list_(pa.string()))
    filled = pc.fill_null(lists, "")
    return pc.if_else(pc.equal(filled, ""), nothing, pc.split_pattern(filled, LIST_SEPARATOR))


def _refuse_unequal(lists: dict[str, pa.ChunkedArray], lengths: Int64s, file: str) -> None:
    for name, values in lists.items():
        wanted = lengths + 1 if name == GAPS else lengths
        wrong = list_length(values) != wanted
        if name == GAPS:
            # Without a history there is nothing to tell the distance from.
            wrong &= lengths > 0
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            problem = f"has {list_length(values)[row]} entries, {wanted[row]} belong to {ITEMS}"
            raise InvalidLog(f"{file} row {row} column {name}", problem, cure="take the published file")


def _seconds(gaps: pa.ChunkedArray, lengths: Int64s, file: str) -> tuple[Int64s, Int64s]:
    """For every entry the seconds since the one before it, and those until the test search."""
    try:
        seconds: Int64s = pc.cast(pc.list_flatten(gaps), pa.int64()).to_numpy()
    except pa.ArrowInvalid as error:
        raise InvalidLog(f"{file} column {GAPS}", str(error), cure="whole seconds, joined by '_'") from None
    given = list_length(gaps)
    passed = np.cumsum(seconds)
    ends = np.cumsum(given) - 1
    is_entry = np.repeat(lengths > 0, given)
    is_entry[ends[given > 0]] = False
    until_test = np.repeat(passed[ends], given) - passed if len(seconds) else seconds
    return seconds[is_entry], until_test[is_entry]


def _first_of_search(query: pa.ChunkedArray, session: Int64s, since_last: Int64s) -> Bools:
    """Which entries begin a search."""
    codes = pc.index_in(query, value_set=pc.unique(query)).to_numpy()
    goes_on = np.zeros(len(session), bool)
    goes_on[1:] = (codes[1:] == codes[:-1]) & (session[1:] == session[:-1])
    goes_on &= since_last <= SAME_SEARCH_SECONDS
    first: Bools = ~goes_on & pc.not_equal(query, NO_QUERY).to_numpy()
    return first


def _actions(kinds: pa.ChunkedArray, session: Int64s, file: str) -> pa.Array:
    known = row_in(kinds, TYPES)
    if (known < 0).any():
        entry = int(np.flatnonzero(known < 0)[0])
        where = f"{file} row {session[entry]} column {KINDS}"
        cure = f"one of {', '.join(TYPES.to_pylist())}"
        raise InvalidLog(where, f"{kinds[entry].as_py()!r} is unknown", cure=cure)
    return ACTIONS.take(pa.array(known))
