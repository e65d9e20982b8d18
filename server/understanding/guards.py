"""Words that turn a mention into no demand: 'not nike', 'case for iphone', 不要耐克. Knows no dictionary.

What a guard silences makes no rule at all; turning 'not nike' into a rule against nike is another step. How far each
reaches is in reach.py.
"""

from dataclasses import dataclass
from enum import StrEnum

from multigrain.text.terms import BREAK, terms_of
from server.understanding.phrases import Phrases


class GuardKind(StrEnum):
    """Why what is spoken of is not asked for."""

    NEGATION = "negation"
    """It is not wanted: silences a mention of any kind."""
    COMPATIBILITY = "compatibility"
    """It is what the thing must go with, or be like: silences brands and categories. 'For women' stays a demand."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What one word or phrase does."""

    kind: GuardKind
    before: bool = True
    """Whether it stands before what it silences: 'not nike', 不要耐克."""
    behind: bool = False
    """Whether it stands behind it: 'sugar free', 耐克除外. Both at once: 通用, on whichever side a mention is."""


NEGATIONS = (
    "not", "no", "non", "without", "except", "except for", "excluding", "exclude", "minus", "w/o", "other than",
    "anything but", "besides", "apart from", "rather than", "instead of", "dont", "doesnt", "isnt", "arent",
    "不要", "不是", "不想要", "不含", "不带", "不帶", "不用", "非", "无", "無", "没有", "沒有", "除了", "别买",
)  # fmt: skip
NEGATIONS_BEHIND = ("free", "除外", "以外", "之外")

COMPATIBILITY = (
    "for", "for use with", "use with", "fits", "to fit", "fit for", "like", "compatible with", "works with",
    "work with", "similar to", "replaces", "alternative to", "inspired by", "dupe of", "dupe for",
    "适用", "适用于", "適用", "適用於", "适合", "適合", "适配", "用于", "用於", "可用于", "兼容", "支持",
    "类似", "替代", "代替",
)  # fmt: skip
COMPATIBILITY_BEHIND = (
    "compatible", "dupe", "dupes", "alternative", "alternatives", "replica", "lookalike", "inspired",
    "专用", "專用", "可用", "同款", "平替",
)  # fmt: skip
COMPATIBILITY_AROUND = ("通用",)

IDIOMS = ("like new", "for sale", "no show", "not only", "free shipping", "free delivery", "free gift", "free size")
"""Hold a guard's word, and guard nothing."""

NEGATION_FILLERS = frozenset(
    terms_of(
        "a an the any from by of to in with for made making having containing want need include includes including use "
        "used has have so too very really my your this that be is are it them 买要想有带帶用穿含任何是牌"
    )
)
"""May stand between a negation and what it negates: 'not from nike', 不要买耐克."""

COMPATIBILITY_FILLERS = frozenset(
    terms_of("a an the any all my your his our their this that new old original most other use using of 于於用新")
)

AND = frozenset({"and", "or", "nor", "vs", "versus", "和", "或", "与", "與", "及", "跟"})
"""Joins what is guarded alike: 'not nike or adidas', 适用苹果和华为."""

STOPS = frozenset({"by", "from", "with", "in", "on", "at", "under", "but", "的", "由"})
"""End what a compatibility speaks of: 'case for iphone by spigen', 适用苹果的充电器."""

WHOM = frozenset(
    terms_of(
        "man men mans mens woman women womans womens male female males females lady ladies girl girls boy boys guy "
        "guys kid kids child children childrens baby babies infant infants newborn toddler toddlers teen teens youth "
        "adult adults senior seniors elderly student students him her mom mum mother dad father wife husband boyfriend "
        "girlfriend grandma grandpa friend friends unisex people pet pets dog dogs cat cats puppy puppies kitten "
        "男女童婴嬰孩宝寶妈爸狗猫貓"
    )
)
"""Whom a thing is for. 'For women' asks for something, where 'for iphone' does not."""


def is_whom(units: tuple[str, ...]) -> bool:
    """Whether the units name people or pets: ('women',), ('儿', '童')."""
    return not WHOM.isdisjoint(units)


def is_number(unit: str) -> bool:
    """Whether it begins as a number does: 15, 3m, 12.5."""
    return unit[0].isdigit()


def is_filler(unit: str, fillers: frozenset[str]) -> bool:
    """Whether a guard reaches over it."""
    return unit == BREAK or unit in fillers


def _guards() -> Phrases[Guard]:
    negation, compatibility = GuardKind.NEGATION, GuardKind.COMPATIBILITY
    lists = (
        (NEGATIONS, Guard(negation)),
        (NEGATIONS_BEHIND, Guard(negation, before=False, behind=True)),
        (COMPATIBILITY, Guard(compatibility)),
        (COMPATIBILITY_BEHIND, Guard(compatibility, before=False, behind=True)),
        (COMPATIBILITY_AROUND, Guard(compatibility, behind=True)),
        (IDIOMS, Guard(negation, before=False)),
    )
    return Phrases((terms_of(phrase), guard) for phrases, guard in lists for phrase in phrases)


GUARDS = _guards()
"""Matched like the dictionary and together with it: what a longer term covers, as 无印良品 does 无, guards nothing."""
