"""Words that turn a mention into no demand: 'not nike', 'case for iphone'. Knows no dictionary.

A mention that is guarded makes no rule at all; turning 'not nike' into a rule against nike is another step.
"""

from collections.abc import Sequence

NEGATIONS = frozenset({"not", "no", "non", "without", "except", "excluding", "minus", "不要", "不是", "除了", "没有"})
NEGATION_REACH = 2
"""How many words before a mention count: 'not from nike', or the bigram that joins two CJK words."""

COMPATIBILITY = frozenset({"for", "fits", "fit", "like", "vs", "versus", "replaces"})
COMPATIBILITY_PHRASES = (("compatible", "with"), ("similar", "to"), ("instead", "of"), ("works", "with"))
CJK_COMPATIBILITY = frozenset({"适用", "兼容", "适合"})


def is_guarded(words: Sequence[str], start: int) -> bool:
    """Whether the words before position `start` say that what begins there is spoken of, and not demanded."""
    near = words[max(0, start - NEGATION_REACH) : start]
    if NEGATIONS.intersection(near) or CJK_COMPATIBILITY.intersection(near):
        return True
    return tuple(words[max(0, start - 2) : start]) in COMPATIBILITY_PHRASES or bool(
        COMPATIBILITY.intersection(near[-1:])
    )
