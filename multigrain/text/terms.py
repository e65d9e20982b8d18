"""The units that key terms are matched on: Latin words and single CJK characters.

No segmenter has a say here. 手机壳 must be found in any query that holds it, and a segmenter may cut the same
characters otherwise when others stand beside them. A Latin word is never found inside a longer one.
"""

from multigrain.text.folding import normalize
from multigrain.text.latin import without_apostrophes
from multigrain.text.scripts import IS_CJK, RUNS

BREAK = " "
"""Stands between two runs of CJK, so that 小米 is not found in '大小 米色'."""


def terms_of(text: str) -> tuple[str, ...]:
    """The units of `text` in reading order: 'Nike跑鞋' -> 'nike', '跑', '鞋'."""
    units: list[str] = []
    for run in RUNS.findall(normalize(text)):
        if not IS_CJK.match(run):
            units.append(without_apostrophes(run))
            continue
        if units and IS_CJK.match(units[-1]):
            units.append(BREAK)
        units += run
    return tuple(units)
