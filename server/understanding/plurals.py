"""One thing and several of it: 'running shoe' asks for the category running shoes. English alone; of categories alone.

A brand has no plural: 'apples' are no phones. Nor has an attribute: glasses are not made of glass.
"""

from multigrain.text.terms import terms_of

IRREGULAR = {
    "man": "men", "woman": "women", "child": "children", "foot": "feet", "tooth": "teeth", "mouse": "mice",
    "knife": "knives", "shelf": "shelves", "scarf": "scarves", "loaf": "loaves", "leaf": "leaves",
}  # fmt: skip
_SINGULAR = {plural: singular for singular, plural in IRREGULAR.items()}

ONE_NUMBER = frozenset(
    terms_of(
        "shorts tights glass glasses briefs overalls sweats slips goods supplies electronics sports news clothes "
        "lights flats heels pumps greens whites blacks basics essentials specials colors colours extras others seconds "
        "slides trunks gas fitness wellness"
    )
)
"""In the other number these say something else: 'short dress', 'light jacket', 'sport watch'; or nothing."""

LETTERS_MIN = 3


def other_numbers(words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The same phrase with its last word in the other number; () where there is none, as in Chinese.

    Where English has two ways (cookies are of cookie, batteries of battery) both come: nobody types the wrong one.
    """
    last = words[-1]
    if len(last) < LETTERS_MIN or last in ONE_NUMBER or not (last.isascii() and last.isalpha()):
        return ()
    return tuple((*words[:-1], word) for word in (_singulars(last) or _plurals(last)))


def _plurals(word: str) -> tuple[str, ...]:
    if word in IRREGULAR:
        return (IRREGULAR[word],)
    if word.endswith("y") and word[-2] not in "aeiou":
        return (f"{word[:-1]}ies",)
    return (f"{word}es",) if word.endswith(("s", "x", "z", "ch", "sh")) else (f"{word}s",)


def _singulars(word: str) -> tuple[str, ...]:
    """() for what does not look like a plural."""
    if word in _SINGULAR:
        return (_SINGULAR[word],)
    if not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return ()
    if word.endswith("ies"):
        return (f"{word[:-3]}y", word[:-1])
    return (word[:-1], word[:-2]) if word.endswith("es") else (word[:-1],)
