"""Words that turn a mention into no demand: 'not nike', 'case for iphone', 不要耐克. Knows no dictionary.

A mention that is guarded makes no rule at all; turning 'not nike' into a rule against nike is another step.
"""

from collections.abc import Sequence

NEGATIONS = frozenset({"not", "no", "non", "without", "except", "excluding", "minus"})
NEGATION_REACH = 2
"""How many words before a mention count: 'not from nike'."""

COMPATIBILITY = frozenset({"for", "fits", "fit", "like", "vs", "versus", "replaces"})
COMPATIBILITY_PHRASES = (("compatible", "with"), ("similar", "to"), ("instead", "of"), ("works", "with"))

CJK_GUARDS = ("不要", "不是", "除了", "没有", "适用", "兼容", "适合")
CJK_REACH = 3
"""How many characters before a mention count: a guard and one more, as in 适用于苹果 or 不要买耐克."""


def is_guarded(words: Sequence[str], start: int) -> bool:
    """Whether what stands before position `start` says that what begins there is spoken of, and not demanded.

    `words` are a query's terms: Latin words, and CJK one character each.
    """
    near = words[max(0, start - NEGATION_REACH) : start]
    if NEGATIONS.intersection(near) or COMPATIBILITY.intersection(near[-1:]) or tuple(near) in COMPATIBILITY_PHRASES:
        return True
    characters = "".join(words[max(0, start - CJK_REACH) : start])
    return any(guard in characters for guard in CJK_GUARDS)
