"""Which script a character belongs to, as far as grains need to know it, and where a text is cut by it."""

import re
import unicodedata

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
KANA = "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
HANGUL = "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"
CJK = HAN + KANA + HANGUL
"""Where each character is a grain of its own."""

# Vowel signs and the like are no letters to `re`, but हिन्दी or ไทย would fall apart without them.
_MARKS = "".join(chr(code) for code in range(0x0483, 0x1D00) if unicodedata.category(chr(code)) in {"Mn", "Mc"})
LETTER = rf"[^\W_{CJK}]"
_LETTERS = rf"{LETTER}+(?:[{_MARKS}]{LETTER}*)*"

WORD = rf"{_LETTERS}(?:['’]{_LETTERS})*"
"""Letters and digits of any other script, with apostrophes inside: levi's, l'oreal."""

HAN_ALONE = rf"[{HAN}]++(?![{KANA}{HANGUL}])"
"""A run of CJK that is all Han, as in any Chinese text."""

WORD_ENDS = rf"(?!{LETTER}|[{_MARKS}]|['’]{LETTER})"
"""Behind a shorter pattern: nothing follows that WORD would have taken too."""

SIMPLE_WORD = rf"[a-z]++{WORD_ENDS}(?!-{LETTER})"
"""What WORD would find too, much faster: nine words of ten. Not what a hyphen joins to something."""

RUNS = re.compile(rf"[{CJK}]+|\d+(?:\.\d+)+|{WORD}")
"""The plainest cut: a run of CJK, a decimal, or a word. What stands beside a run does not move its borders."""

IS_CJK = re.compile(rf"[{CJK}]")
ONE_SCRIPT = re.compile(rf"(?P<han>[{HAN}]+)|(?P<kana>[{KANA}]+)|(?P<hangul>[{HANGUL}]+)")
"""Cuts a run of CJK where the script changes."""
