"""What one run of words means where several terms claim it. The order is:

1. The shop's owner: where the owner's file speaks of the words, everything that it says holds, and nothing else.
2. The surest: the same words cannot be a brand and a category at once, nor two different attributes.
3. Equally sure: nothing, where one of them is a brand (a brand and a fruit, both of them apple) or they are two
   attributes. Otherwise a category before an attribute, and anything before a word of titles.
"""

from collections.abc import Sequence

from multigrain.key_terms import KeyTerm, TermKind, TermSource

Subject = tuple[TermKind, str]
"""A kind, and of attributes the name: two values of one subject are either, two subjects are in conflict."""


def decided(terms: Sequence[KeyTerm]) -> tuple[KeyTerm, ...]:
    """The terms that the words stand for; empty where that cannot be said."""
    if len(terms) == 1:
        return tuple(terms)
    owners = tuple(term for term in terms if term.source is TermSource.OWNER)
    if owners:
        return owners
    surest: dict[Subject, float] = {}
    for term in terms:
        subject = subject_of(term)
        surest[subject] = max(term.confidence, surest.get(subject, 0.0))
    best = max(surest.values())
    chosen = _first([subject for subject, confidence in surest.items() if confidence == best])
    return tuple(term for term in terms if subject_of(term) == chosen)


def subject_of(term: KeyTerm) -> Subject:
    return term.kind, term.name


def _first(equals: Sequence[Subject]) -> Subject | None:
    """Of equally sure subjects. None: it cannot be said."""
    if len(equals) == 1:
        return equals[0]
    kinds = [kind for kind, _ in equals if kind is not TermKind.WORD]
    if TermKind.BRAND in kinds and len(kinds) > 1:
        return None
    for kind in (TermKind.BRAND, TermKind.CATEGORY, TermKind.ATTRIBUTE):
        if kind in kinds:
            return next(subject for subject in equals if subject[0] is kind) if kinds.count(kind) == 1 else None
    return equals[0]
