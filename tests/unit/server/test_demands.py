"""Rules that follow from what the query demands, and from what the shop keeps out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.text.findable import findable
from multigrain.types import Item
from server.relevance import policy, word
from server.relevance.policy import count_passing, failures_of, judge, passing, verdicts_of
from server.relevance.rule import Case
from server.request import ChannelName, Filters, RelevanceMode
from server.result import Candidates, Hits, Verdict
from server.understanding.intent import Intent
from tests.builders import an_item
from tests.unit.server.cases import (
    a_case,
    an_intent,
    naive_failures,
    paths_of,
    random_filters,
    random_intents,
    random_items,
)
from tests.unit.server.shelf import columns_of

FILL, STRICT, DEMOTE, OFF = RelevanceMode.FILL, RelevanceMode.STRICT, RelevanceMode.DEMOTE, RelevanceMode.OFF
KEPT = Verdict.KEPT


def verdicts(case: Case, mode: RelevanceMode = STRICT) -> list[Verdict]:
    """Of every item of the catalogue, from number 1 on."""
    return [Verdict(int(verdict)) for verdict in verdicts_of(case, np.arange(1, case.columns.size), mode)]


def coloured(*values: str) -> list[Item]:
    """Items that state these colours; '' states none."""
    return [an_item(n, attributes={"colour": value} if value else {}) for n, value in enumerate(values, 1)]


def test_another_value_than_demanded_is_dropped_and_an_unknown_one_is_no_contradiction() -> None:
    red = an_intent(attributes=[("colour", "red")])
    assert verdicts(a_case(coloured("red", "blue", ""), red)) == [KEPT, Verdict.ATTRIBUTE, KEPT]


def test_any_value_of_one_attribute_passes_and_each_attribute_must() -> None:
    items = [
        an_item(1, attributes={"colour": "red", "size": "42"}),
        an_item(2, attributes={"colour": "blue", "size": "42"}),
        an_item(3, attributes={"colour": "green", "size": "42"}),
        an_item(4, attributes={"colour": "red", "size": "43"}),
        an_item(5, attributes={"size": "42"}),
    ]
    wants = an_intent(attributes=[("colour", "red"), ("colour", "blue"), ("size", "42")])
    assert verdicts(a_case(items, wants)) == [KEPT, KEPT, Verdict.ATTRIBUTE, Verdict.ATTRIBUTE, KEPT]


def test_the_value_of_another_attribute_is_neither_met_nor_missed() -> None:
    items = [an_item(1, attributes={"lining": "red"}), an_item(2, attributes={"lining": "red", "colour": "blue"})]
    assert verdicts(a_case(items, an_intent(attributes=[("colour", "red")]))) == [KEPT, Verdict.ATTRIBUTE]


def test_a_value_that_nothing_has_drops_what_states_another_one() -> None:
    unknown_value = an_intent(attributes=[("colour", "mauve")])
    unknown_name = an_intent(attributes=[("weight", "red")])
    assert verdicts(a_case(coloured("red", ""), unknown_value)) == [Verdict.ATTRIBUTE, KEPT]
    assert verdicts(a_case(coloured("red", ""), unknown_name)) == [KEPT, KEPT]


def test_each_demanded_word_must_be_in_the_title() -> None:
    items = [an_item(1, title="sony v4032 black"), an_item(2, title="sony v4032"), an_item(3, title="sony black")]
    assert verdicts(a_case(items, an_intent(words=["v4032"]))) == [KEPT, KEPT, Verdict.WORD]
    assert verdicts(a_case(items, an_intent(words=["v4032", "black"]))) == [KEPT, Verdict.WORD, Verdict.WORD]
    assert verdicts(a_case(items, an_intent(words=["v4033"]))) == [Verdict.WORD] * 3


def test_a_word_whose_titles_were_not_gathered_is_in_none() -> None:
    case = Case(columns=columns_of(an_item(1)), intent=an_intent(words=["adidas"]), filters=Filters())
    assert verdicts(case) == [Verdict.WORD]


def test_words_of_many_titles_are_judged_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case([an_item(n, title="red" if n % 2 else "blue") for n in range(1, 40)], an_intent(words=["red"]))
    expected = verdicts(case)
    # Titles ahead of the columns: a number that this view does not hold yet.
    case = replace(case, holders={"red": np.append(case.holders["red"], 1000)})
    monkeypatch.setattr(word, "FEW", 3)

    assert verdicts(case) == expected
    assert count_passing(case, FILL, at_most=100) == 20


def test_what_the_shop_keeps_out_is_dropped_in_every_mode_but_off() -> None:
    items = [
        an_item(1, brand="apple"),
        an_item(2, brand="dole", category_path=("food", "pie")),
        an_item(3, brand="dole", category_path=("electronics", "phones")),
    ]
    case = a_case(items, an_intent(without_brands=["apple", "no such brand"], without_categories=["electronics"]))
    for mode in (FILL, STRICT, DEMOTE):
        assert verdicts(case, mode) == [Verdict.EXCLUDED, KEPT, Verdict.EXCLUDED]
    assert verdicts(case, OFF) == [KEPT] * 3


def test_names_that_the_catalogue_does_not_know_keep_nothing_out() -> None:
    case = a_case([an_item(1)], an_intent(without_brands=["gucci"], without_categories=["toys"]))
    assert verdicts(case) == [KEPT]


def test_the_first_rule_in_the_order_gives_the_verdict() -> None:
    item = an_item(1, title="x", brand="b", category_path=("c",), stock=0, price=5, attributes={"colour": "red"})
    wants = an_intent(brands=["z"], categories=["z"], attributes=[("colour", "z")], words=["z"], without_brands=["b"])
    case = a_case([item], wants, Filters(min_price=10))
    every = (
        *(Verdict.STATUS, Verdict.FILTER, Verdict.EXCLUDED),
        *(Verdict.CATEGORY, Verdict.BRAND, Verdict.ATTRIBUTE, Verdict.WORD),
    )
    assert failures_of(case, 1, FILL) == every
    assert failures_of(case, 1, OFF) == (Verdict.STATUS, Verdict.FILTER)
    assert failures_of(case, 7, FILL) == (Verdict.UNKNOWN_ITEM,)
    assert verdicts(case) == [Verdict.STATUS]


def found(*, vector: Sequence[int] = (), lexical: Sequence[int] = ()) -> Candidates:
    """Item numbers by channel, in order of item number; the vector scores its first 0.9, its second 0.8 and so on."""
    item_nos = np.unique([*vector, *lexical])
    ranks = np.array(
        [[list(asked).index(n) + 1 if n in asked else 0 for n in item_nos] for asked in (vector, lexical)], np.int32
    )
    scores = np.linspace(0.9, 0.9 - 0.1 * (len(vector) - 1), len(vector), dtype=np.float32)
    return Candidates(
        item_nos=item_nos,
        scores=np.ones(len(item_nos), np.float32),
        channels=((ranks[0] > 0) * 2 + (ranks[1] > 0) * 4).astype(np.uint32),
        ranks=ranks,
        found=(
            (ChannelName.VECTOR, Hits(np.array(vector, np.int64), scores)),
            (ChannelName.LEXICAL, Hits(np.array(lexical, np.int64), np.ones(len(lexical), np.float32))),
        ),
    )


def test_below_the_least_score_only_what_the_vector_channel_alone_found_goes() -> None:
    case = replace(a_case([an_item(n) for n in range(1, 6)]), least_score=0.75)

    # Vector scores: 1 has 0.9, 2 has 0.8, 3 has 0.7, 4 has 0.6; 4 and 5 are in titles, too.
    judgement = judge(case, found(vector=[1, 2, 3, 4], lexical=[4, 5]), STRICT)

    assert judgement.kept.item_nos.tolist() == [1, 2, 4, 5]
    assert judgement.dropped.item_nos.tolist() == [3]
    assert judgement.dropped_verdicts.tolist() == [Verdict.SCORE]


def test_the_cut_off_speaks_where_no_rule_does() -> None:
    items = [an_item(1), an_item(2, stock=0), an_item(3, brand="nike")]
    case = replace(a_case(items, an_intent(brands=["adidas"])), least_score=2.0)

    judgement = judge(case, found(vector=[1, 2, 3]), STRICT)

    assert judgement.dropped_verdicts.tolist() == [Verdict.SCORE, Verdict.STATUS, Verdict.BRAND]


def test_demote_puts_what_misses_any_demand_behind_and_drops_what_is_kept_out() -> None:
    items = [
        an_item(1, title="x", attributes={"colour": "red"}),
        an_item(2, title="word", attributes={"colour": "blue"}),
        an_item(3, title="word", brand="gone"),
        an_item(4, title="word", attributes={"colour": "red"}),
        an_item(5, title="word"),
    ]
    wants = an_intent(attributes=[("colour", "red")], words=["word"], without_brands=["gone"])
    case = replace(a_case(items, wants), least_score=0.55)

    judgement = judge(case, found(vector=[1, 2, 3, 4, 5]), DEMOTE)

    assert judgement.kept.item_nos.tolist() == [4, 1, 2, 5]
    assert judgement.kept_verdicts.tolist() == [KEPT, Verdict.WORD, Verdict.ATTRIBUTE, Verdict.SCORE]
    assert judgement.dropped.item_nos.tolist() == [3]


def test_off_looks_at_no_demand_and_no_score() -> None:
    wants = an_intent(attributes=[("colour", "red")], words=["no"], without_brands=["adidas"])
    case = replace(a_case(coloured("blue", "red"), wants), least_score=2.0)

    assert judge(case, found(vector=[1, 2]), OFF).kept.item_nos.tolist() == [1, 2]


def test_what_the_vector_channel_did_not_find_has_no_score_to_be_too_low() -> None:
    case = replace(a_case([an_item(1)]), least_score=2.0)
    unknown_way = replace(found(lexical=[1]), found=())

    assert judge(case, unknown_way, STRICT).kept.item_nos.tolist() == [1]


@given(random_items, random_intents, random_filters, st.sampled_from(list(RelevanceMode)), st.integers(1, 20))
@settings(max_examples=300, deadline=None)
def test_columns_decide_as_one_item_at_a_time_would(
    items: list[Item], wants: Intent, filters: Filters, mode: RelevanceMode, at_once: int
) -> None:
    case, paths = a_case(items, wants, filters), paths_of(items)

    failures = [naive_failures(item, wants, filters, paths, mode) for item in items]

    assert verdicts(case, mode) == [failed[0] if failed else KEPT for failed in failures]
    assert [list(failures_of(case, n, mode)) for n in range(1, len(items) + 1)] == failures
    expected = [n for n, failed in enumerate(failures, 1) if not failed]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy, "ROWS_AT_ONCE", at_once)
        assert [n for block in passing(case, mode) for n in block.tolist()] == expected
        assert count_passing(case, mode, at_most=3) == min(3, len(expected))


hostile = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20) | st.sampled_from(
    [
        *('"', "'", "\\", '\\"', "%", "_", "\n", "\r\n", "\0", "a\0b", "\u2028", "/", "//", "a/", "{brand}", "$1"),
        '" or item_no >= 0 or brand == "',
        "x" * 512,
        "红" * 170,
        "x" * 64,
        "x" * 65,
    ]
)


@given(text=hostile, other=hostile, kind=st.sampled_from(["nothing", "filters", "demands", "without"]))
@settings(max_examples=200, deadline=None)
def test_hostile_text_in_any_field_lets_in_whom_it_names_and_nobody_else(text: str, other: str, kind: str) -> None:
    def named(number: int, name: str) -> Item:
        return an_item(
            number,
            title=f"{name} {name}",
            brand=name,
            category_path=(name, name),
            shop=name,
            attributes={text: name},
        )

    items = [named(1, text), named(2, other), an_item(3), named(4, text + other)]
    wants, filters = Intent(), Filters()
    if kind == "filters":
        filters = Filters(brands=(text,), categories=(text,), shops=(text,))
    elif kind == "demands":
        wants = an_intent(brands=[text], categories=[text], attributes=[(text, text)], words=findable(text))
    elif kind == "without":
        wants = an_intent(without_brands=[text], without_categories=[text])

    failures = [naive_failures(item, wants, filters, paths_of(items), FILL) for item in items]

    assert verdicts(a_case(items, wants, filters), FILL) == [failed[0] if failed else KEPT for failed in failures]
