"""What a person says that a query asks for is what comes out."""

import pytest

from server.understanding.intent import Intent
from server.understanding.tagger import Tagger
from tests.unit.server.understanding_cases import CASES, DICTIONARY, Case

TAGGER = Tagger(DICTIONARY)


def in_words(intent: Intent) -> frozenset[str]:
    """As the cases write demands."""
    return frozenset(
        [
            *(f"brand {demand.value}" for demand in intent.brands),
            *(f"category {demand.value}" for demand in intent.categories),
            *(f"{demand.name} {demand.value}" for demand in intent.attributes),
            *(f"word {demand.value}" for demand in intent.words),
            *(f"not brand {demand.value}" for demand in intent.without_brands),
            *(f"not category {demand.value}" for demand in intent.without_categories),
        ]
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.query)
def test_a_query_demands_what_a_person_says_that_it_does(case: Case) -> None:
    assert in_words(TAGGER.understand(case.query)) == case.demands, case.why


def test_every_query_is_told_once() -> None:
    queries = [case.query for case in CASES]
    assert sorted({query for query in queries if queries.count(query) > 1}) == []
