"""The language of the shop owner's file: one sentence a line. Knows no file and no catalogue.

"nikey", "nikee" means brand nike
"bordeaux" means attribute colour = red
"iphone case" must category electronics/phones/phone cases
"iphone case" need not brand apple
"apple pie" must not brand apple
pin "ps5" = category games/consoles; brand sony
pin "gift card" = nothing
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from multigrain.key_terms import TermKind
from multigrain.text.analyzer import words_of
from multigrain.text.terms import terms_of
from server.understanding.guards import GUARDS
from server.understanding.owners_rules import Claim, Order, OwnersRules, Rule, synonym
from server.understanding.phrases import Phrases

MEANS, PIN, NOTHING = "means", "pin", "nothing"
VERBS = (MEANS, *Order)
KINDS = tuple(TermKind)

# What a word processor or a Chinese keyboard writes for the plain sign.
_PLAIN_SIGNS = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "＂": '"', "「": '"', "」": '"', "；": ";", "＝": "=", "，": ","}
)
_QUOTED = re.compile(r'\s*"([^"]*)"\s*')
_COMMENT = re.compile(r'(?:^|\s)#(?=(?:[^"]*"[^"]*")*[^"]*$).*')
"""A # outside of quotes, at the beginning or behind a space."""
_PARTS = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_ORDER = re.compile(rf"\s*({'|'.join(sorted(map(re.escape, VERBS), key=len, reverse=True))})(?:\s+|$)")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in one line, and what would be right."""

    line: int
    problem: str
    cure: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}: {self.cure}"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says. With mistakes the rules are those of the other lines."""

    rules: OwnersRules
    mistakes: tuple[Mistake, ...]
    named: tuple[tuple[int, Claim], ...] = ()
    """Every value that is named, with its line."""


class _Wrong(Exception):
    """Of the line at hand."""

    def __init__(self, problem: str, cure: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.cure = cure


@dataclass(frozen=True, slots=True)
class _Sentence:
    """What one line says."""

    verb: str
    phrases: tuple[tuple[str, ...], ...]
    """In units of terms; of a pin, one."""
    claims: tuple[Claim, ...]


def parse(text: str) -> Parsed:
    """Reads every line, also behind one that is wrong: all mistakes are told at once."""
    said: dict[int, _Sentence] = {}
    mistakes: list[Mistake] = []
    for number, line in enumerate(text.split("\n"), start=1):
        bare = _COMMENT.sub("", line.translate(_PLAIN_SIGNS)).strip()
        if bare:
            try:
                said[number] = _sentence(bare)
            except _Wrong as wrong:
                mistakes.append(Mistake(number, wrong.problem, wrong.cure))
    mistakes += _contradictions(said)
    return Parsed(
        _rules(said.values()),
        tuple(sorted(mistakes, key=lambda mistake: mistake.line)),
        tuple((number, claim) for number, sentence in said.items() for claim in sentence.claims),
    )


def _sentence(line: str) -> _Sentence:
    if line.startswith(PIN):
        return _pin(line.removeprefix(PIN))
    phrases, rest = _phrases(line)
    if rest.startswith('"'):
        raise _Wrong("two phrases side by side", "put a comma between them")
    found = _ORDER.match(rest)
    if found is None:
        first = rest.split(maxsplit=1)[0] if rest else ""
        raise _Wrong(
            f'"{first}" says nothing' if first else "nothing stands behind the quotes",
            _did_you_mean(first, VERBS) or f"write one of {', '.join(VERBS)}",
        )
    verb, claims = found[1], _claims(rest[found.end() :])
    for claim in claims:
        if verb == Order.MUST_NOT and claim.kind not in {TermKind.BRAND, TermKind.CATEGORY}:
            raise _Wrong(f"must not {claim.kind}", "only a brand or a category can be kept out")
    for phrase in phrases:
        if verb == MEANS and phrase in GUARDS:
            words = " ".join(phrase)
            raise _Wrong(f'"{words}" cannot be a name', "it says that what stands beside it is not asked for")
    return _Sentence(verb, tuple(phrases), claims)


def _pin(rest: str) -> _Sentence:
    phrases, rest = _phrases(rest)
    if len(phrases) > 1:
        raise _Wrong("a pin of several queries", "write a line for each")
    if not rest.startswith("="):
        raise _Wrong("a pin without =", 'write pin "ps5" = category games/consoles; brand sony')
    meaning = rest.removeprefix("=").strip()
    return _Sentence(PIN, tuple(phrases), () if meaning == NOTHING else _claims(meaning))


def _phrases(text: str) -> tuple[list[tuple[str, ...]], str]:
    """The quoted phrases that a line begins with, in units of terms, and the rest of it."""
    phrases, at = [], 0
    while (quoted := _QUOTED.match(text, at)) is not None:
        units = terms_of(quoted[1])
        if not units:
            raise _Wrong(f'"{quoted[1]}" holds no letter and no digit', "write what shoppers type")
        phrases.append(units)
        at = quoted.end()
        if text[at : at + 1] != ",":
            return phrases, text[at:]
        at += 1
    if text.count('"') % 2:
        raise _Wrong("a quote is not closed", 'write what shoppers type in quotes: "iphone case"')
    raise _Wrong("no phrase in quotes", 'begin with what shoppers type in quotes: "nikey" means brand nike')


def _claims(text: str) -> tuple[Claim, ...]:
    return tuple(_claim(part.strip()) for part in _PARTS.split(text))


def _claim(text: str) -> Claim:
    kind, _, value = text.partition(" ")
    value = value.strip()
    if kind not in KINDS:
        raise _Wrong(
            f'"{kind}" is no kind of thing' if kind else "it is not said of what",
            _did_you_mean(kind, KINDS) or f"write one of {', '.join(KINDS)}, and its value",
        )
    if kind == TermKind.ATTRIBUTE:
        name, _, value = (part.strip() for part in value.partition("="))
        if not name or not value:
            raise _Wrong("an attribute without a name and a value", "write attribute colour = red")
        return Claim(TermKind.ATTRIBUTE, _unquoted(value), _unquoted(name))
    value = _unquoted(value)
    if not value:
        raise _Wrong(f"{kind} without a value", "write it as the catalogue does")
    if kind == TermKind.CATEGORY and (value.startswith("/") or value.endswith("/") or ">" in value):
        raise _Wrong(f"category {value}", "write the path from the top, joined by /: games/consoles")
    if kind == TermKind.WORD:
        words = words_of(value)
        if len(words) != 1:
            raise _Wrong(f"word {value}", "write one word of titles; a line may hold several: word v4032; word pro")
        value = words[0]
    return Claim(TermKind(kind), value)


def _unquoted(value: str) -> str:
    quoted = _QUOTED.fullmatch(value)
    if quoted is None and '"' in value:
        raise _Wrong(f"quotes inside {value}", "put the whole value in quotes, or none of it")
    return value if quoted is None else quoted[1]


def _contradictions(said: dict[int, _Sentence]) -> Iterator[Mistake]:
    """Of lines that are right alone."""
    pins: dict[tuple[str, ...], tuple[int, tuple[Claim, ...]]] = {}
    orders: dict[tuple[tuple[str, ...], Claim], tuple[int, str]] = {}
    for number, sentence in said.items():
        for phrase in sentence.phrases:
            if sentence.verb == PIN:
                first, claims = pins.setdefault(phrase, (number, sentence.claims))
                if claims != sentence.claims:
                    yield Mistake(number, f"line {first} pins the same query to something else", "keep one of them")
            elif sentence.verb != MEANS:
                for claim in sentence.claims:
                    first, verb = orders.setdefault((phrase, claim), (number, sentence.verb))
                    if verb != sentence.verb:
                        yield Mistake(number, f"line {first} says {verb} of the same", "keep one of them")


def _rules(said: Iterable[_Sentence]) -> OwnersRules:
    sentences = list(said)
    rules = [
        Rule(phrase, Order(sentence.verb), claim)
        for sentence in sentences
        if sentence.verb in tuple(Order)
        for phrase in sentence.phrases
        for claim in sentence.claims
    ]
    synonyms = [
        synonym(claim, phrase)
        for sentence in sentences
        if sentence.verb == MEANS
        for phrase in sentence.phrases
        for claim in sentence.claims
    ]
    return OwnersRules(
        synonyms=Phrases((term.words, term) for term in dict.fromkeys(synonyms)),
        rules=Phrases((rule.phrase, rule) for rule in dict.fromkeys(rules)),
        pins={sentence.phrases[0]: sentence.claims for sentence in sentences if sentence.verb == PIN},
    )


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""
