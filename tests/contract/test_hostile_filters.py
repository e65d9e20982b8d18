"""Filters of hostile text, against indexes whose items have the same hostile text: nobody gets in who should not."""

import random
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from multigrain.index.hard_filter import CATEGORY_BYTES, NAME_BYTES, is_under, shortened
from multigrain.index.item_index import ABSENT, HardFilter, IndexRows, IndexStore, ItemIndex
from multigrain.index.specs import Flat
from tests.contract.stores import INDEX_STORES

# On a server each of the hundreds of searches takes its time.
SERVER = pytest.param("milvus-server", marks=pytest.mark.slow)
pytestmark = pytest.mark.parametrize(
    "store", [*(kind for kind in INDEX_STORES if kind != "milvus-server"), SERVER], indirect=True
)

DIMS = 4
SOON = 60.0

PICKED = (
    "adidas",
    "",
    " ",
    '"',
    "'",
    "\\",
    '\\"',
    "\\\\",
    '"" or true',
    "\\n",
    "\\x41",
    "\\u0041",
    "\\101",
    "A",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "a\0b",
    "a",
    "\x01\x07\x0b\x1f\x7f",
    "\u2028\u2029\ufeff",
    "%",
    "_",
    "adid%",
    "adid_s",
    "*",
    '" or item_no >= 0 or brand == "',
    '") or (item_no >= 0) or (brand == "',
    '"] or item_no in [1, 2, 3] or brand in ["',
    "' or 1 == 1 --",
    "{brand}",
    "{{brand}}",
    "$1",
    "${jndi:x}",
    "[1, 2]",
    "null",
    "true",
    "item_no",
    "brand",
    "耐克",
    "é",
    "e\u0301",
    "👗🏽",
    "\U0010ffff",
    "sports/shoes",
    "sports//shoes",
    "/sports",
    "sports/",
    "sports0",
    "sports%",
    "x" * 512,
    "x" * 511 + "é",
    "x" * 512 + "y",
    '"' * 512,
    "\\" * 512,
    "\n" * 512,
    "红" * 170 + "xx",
)
SIGNS = "ab/\\\"'%_\n\r\t\0\x0b\x1f{}[]()$@#;-*=<> \u2028é红👗"


def _drawn(count: int) -> Sequence[str]:
    rng = random.Random(7)
    return ["".join(rng.choices(SIGNS, k=rng.randint(1, 12))) for _ in range(count)]


HOSTILE = tuple(dict.fromkeys([*PICKED, *_drawn(40)]))


@pytest.fixture
def index(store: IndexStore, milvus_prefix: str) -> Iterator[ItemIndex]:
    """Item n has the nth text as its brand, the nth from the end as its shop, and the nth in or as its category."""
    made = store.create(f"{milvus_prefix}8", dims=DIMS, spec=Flat())
    count = len(HOSTILE)
    made.upsert(
        IndexRows(
            item_nos=np.arange(1, count + 1),
            vectors=np.ones((count, DIMS), np.float32),
            revisions=np.ones(count, np.int64),
            brands=HOSTILE,
            categories=[f"{text}/leaf" if number % 2 else text for number, text in enumerate(HOSTILE)],
            shops=HOSTILE[::-1],
            statuses=[1] * count,
            titles=HOSTILE,
        )
    )
    yield made
    made.drop()


def _found(index: ItemIndex, only: HardFilter) -> list[int]:
    found = index.search(np.ones((1, DIMS), np.float32), len(HOSTILE), only=only, timeout_seconds=SOON)
    return sorted(number for number in found.item_nos[0].tolist() if number != ABSENT)


def _named(texts: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Told plainly. Where the texts are cut, both are."""
    cut = [shortened(text, NAME_BYTES) for text in wanted]
    return [number for number, text in enumerate(texts, 1) if shortened(text, NAME_BYTES) in cut]


def _below(wanted: str) -> list[int]:
    cut = shortened(wanted, CATEGORY_BYTES)
    return [
        number for number, text in enumerate(HOSTILE, 1) if is_under(f"{text}/leaf" if (number - 1) % 2 else text, cut)
    ]


def test_hostile_text_is_found_as_it_stands_and_lets_nobody_else_in(index: ItemIndex) -> None:
    for text in HOSTILE:
        assert _found(index, HardFilter(brands=(text,))) == _named(HOSTILE, [text]), repr(text)
        assert _found(index, HardFilter(shops=(text,))) == _named(HOSTILE[::-1], [text]), repr(text)
        assert _found(index, HardFilter(categories=(text,))) == _below(text), repr(text)


def test_hostile_text_in_one_list_changes_nothing_for_the_others(index: ItemIndex) -> None:
    for text in HOSTILE:
        only = HardFilter(
            brands=("adidas", text), shops=(HOSTILE[-1], text), categories=("adidas", text), statuses=(1,)
        )
        brands, shops = _named(HOSTILE, only.brands), _named(HOSTILE[::-1], only.shops)
        below = {*_below("adidas"), *_below(text)}
        assert _found(index, only) == sorted({*brands} & {*shops} & below), repr(text)


def test_all_of_it_at_once(index: ItemIndex) -> None:
    assert _found(index, HardFilter(brands=HOSTILE, shops=HOSTILE)) == list(range(1, len(HOSTILE) + 1))
    assert _found(index, HardFilter(brands=HOSTILE, statuses=(2,))) == []
