"""One spelling for what a shopper means as one: width, case, accents, signs. Every text passes here first.

Accents go (café is cafe, Škoda is skoda): shoppers seldom type them, sellers now and then. Marks that are letters of
their script (Japanese, Indic, Thai, Arabic) stay. Traditional and simplified Chinese stay apart.
"""

import re
import unicodedata

TEXT_CHARACTERS_MAX = 2048
"""Longer text is cut: a hostile title must not cost seconds."""

# Accents of Latin, Greek and Cyrillic, and what is not seen: soft hyphens, joiners, direction and variation marks.
_DROPPED = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]+")
# NFKD would write "Nike™" as niketm, and "1½" as 11/2.
_APART = re.compile(r"[™℠]|(?<=\d)(?=[¼-¾⅐-⅞])")
_FRACTION_SLASH = "\u2044"


def normalize(text: str) -> str:
    """Compatible forms made one (full width is half width), case folded, accents dropped, cut.

    Normalising twice changes nothing: every character that comes out is its own NFKD (put together again by NFC) and
    its own case folding. Both work a character at a time, so a test over all characters proves it for all texts.
    """
    text = text[:TEXT_CHARACTERS_MAX]
    if text.isascii():
        return text.lower()
    bare = _DROPPED.sub("", unicodedata.normalize("NFKD", _APART.sub(" ", text)))
    # Case folding can bring out characters that NFKD takes apart again.
    bare = _DROPPED.sub("", unicodedata.normalize("NFKD", bare.casefold()))
    return unicodedata.normalize("NFC", bare.replace(_FRACTION_SLASH, "/"))[:TEXT_CHARACTERS_MAX]
