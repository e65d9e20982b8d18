"""Which script a character belongs to, as far as grains need to know it."""

import re

# Han, Hiragana, Katakana and Hangul: written without spaces, so each character is a grain of its own.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0002fa1f"

# A run of CJK, or of any other letters and digits. A '.' only between digits ("4.5"), so that sizes survive.
RUNS = re.compile(rf"[{CJK}]+|\d+(?:\.\d+)+|[^\W_{CJK}]+", re.UNICODE)
IS_CJK = re.compile(rf"[{CJK}]")
