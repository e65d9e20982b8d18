"""Facts that hold for any text and any dictionary."""

from collections.abc import Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from multigrain.key_terms import KeyTerm, TermKind
from multigrain.text.scripts import IS_CJK
from multigrain.text.terms import terms_of
from server.understanding.guards import COMPATIBILITY, GUARDS, NEGATIONS, is_number
from server.understanding.owners_language import parse
from server.understanding.owners_rules import NO_RULES
from server.understanding.phrases import Phrases
from server.understanding.reading import Standing
from server.understanding.tagger import Match, Tagger, longest_first
from tests.unit.server.understanding_cases import CASES, DICTIONARY

TAGGER = Tagger(DICTIONARY)
TAGGER.understand("鞋")
"""The segmenter loads its dictionary at first, which is no example's fault."""
LETTERS = "abcd"

said = st.one_of(
    st.text(),
    st.lists(st.sampled_from([*{case.query for case in CASES}, *NEGATIONS, *COMPATIBILITY]), max_size=6).map(" ".join),
)
dictionaries = st.lists(st.lists(st.sampled_from(LETTERS), min_size=1, max_size=4).map(tuple), max_size=12)


def a_brand(words: tuple[str, ...]) -> KeyTerm:
    return KeyTerm(kind=TermKind.BRAND, value=" ".join(words), words=words, confidence=0.9)


def written(term: KeyTerm) -> str:
    return ("" if IS_CJK.match(term.words[0]) else " ").join(term.words)


def longest_first_by_hand(phrases: Sequence[tuple[str, ...]], units: Sequence[str]) -> list[tuple[int, int]]:
    """Takes away the longest phrase that is left, the first of those as long, until none is."""
    free, taken = list(units), []
    while True:
        found = [
            (start, start + len(phrase))
            for phrase in phrases
            for start in range(len(free) - len(phrase) + 1)
            if tuple(free[start : start + len(phrase)]) == phrase
        ]
        if not found:
            return sorted(taken)
        start, end = max(found, key=lambda span: (span[1] - span[0], -span[0]))
        free[start:end] = [""] * (end - start)
        taken.append((start, end))


@given(said)
def test_no_text_is_too_odd(text: str) -> None:
    for one in TAGGER.read(text).spoken:
        assert one.demand.words


@given(st.text())
def test_no_file_is_too_odd(text: str) -> None:
    rules = parse(text).rules
    TAGGER.read(text, rules)


@given(dictionaries, st.lists(st.sampled_from(LETTERS), max_size=10))
def test_longest_first_is_what_a_plain_search_finds(phrases: list[tuple[str, ...]], units: list[str]) -> None:
    runs = Phrases((phrase, phrase) for phrase in phrases).runs(units)
    chosen = longest_first(Match(run.start, run.end) for run in runs)
    assert [(match.start, match.end) for match in chosen] == longest_first_by_hand(phrases, units)


@given(dictionaries, st.lists(st.sampled_from(LETTERS), max_size=10))
def test_every_run_of_a_phrase_is_found(phrases: list[tuple[str, ...]], units: list[str]) -> None:
    found = {(run.start, run.end) for run in Phrases((phrase, phrase) for phrase in phrases).runs(units)}
    assert found == {
        (start, end)
        for start in range(len(units))
        for end in range(start + 1, len(units) + 1)
        if tuple(units[start:end]) in phrases
    }


@given(st.sampled_from(NEGATIONS), st.sampled_from(DICTIONARY))
def test_what_stands_right_behind_a_negation_is_not_demanded(guard: str, term: KeyTerm) -> None:
    assume(not is_number(term.words[0]))  # 'no 5' counts
    spoken = TAGGER.read(f"{guard} {written(term)}").spoken
    assert {one.standing for one in spoken} == {Standing.GUARDED}


@given(st.sampled_from(COMPATIBILITY), st.sampled_from([term for term in DICTIONARY if term.kind is TermKind.BRAND]))
def test_a_brand_right_behind_a_compatibility_is_not_demanded(guard: str, brand: KeyTerm) -> None:
    assert TAGGER.understand(f"shoes {guard} {written(brand)}").brands == ()


@given(said)
def test_a_guarded_mention_never_demands(text: str) -> None:
    reading = TAGGER.read(text)
    intent = reading.intent
    demanded = {*intent.brands, *intent.categories, *intent.attributes, *intent.words}
    assert demanded <= {one.demand for one in reading.spoken if one.standing is Standing.DEMANDED}
    if not any(GUARDS.runs(terms_of(text))):
        assert "-" in text or not [one for one in reading.spoken if one.standing is Standing.GUARDED]


@given(said.filter(lambda text: bool(terms_of(text)) and '"' not in text and "\n" not in text))
def test_a_pin_takes_the_place_of_whatever_was_understood(text: str) -> None:
    parsed = parse("\n".join([f'pin "{text.replace("#", " ")}" = brand pinned', '"nike" must brand puma']))
    if terms_of(text.replace("#", " ")) == terms_of(text) and not parsed.mistakes:
        assert TAGGER.understand(text, parsed.rules).brand_names == ("pinned",)
        assert TAGGER.read(text, parsed.rules).intent.categories == ()


@given(said)
def test_without_an_owner_nothing_is_kept_out(text: str) -> None:
    intent = TAGGER.understand(text, NO_RULES)
    assert (intent.without_brands, intent.without_categories) == ((), ())
