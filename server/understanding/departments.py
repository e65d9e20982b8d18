"""Departments that are named after people. 'Women' is a category of many shops. Where shoes lie in sports/shoes, the
'women' of 'running shoes women' says whom they are for, and must not let the whole department in beside them.
"""

from collections.abc import Sequence

from multigrain.key_terms import TermKind
from server.understanding.guards import is_whom
from server.understanding.reading import Spoken, Standing, is_demanded_category


def departments_aside(spoken: Sequence[Spoken], *, floor: float) -> list[Spoken]:
    """Where another category is demanded, a department is not; an attribute that its words also mean is.

    'Women' before women/dresses stays: the narrower of the two is asked for in any case.
    """
    said = [one for one in spoken if is_demanded_category(one)]
    others = dict.fromkeys(one.demand.value for one in said if not is_whom(one.demand.words))
    aside = {
        one.demand.words: other
        for one in said
        if is_whom(one.demand.words)
        for other in others
        if not other.startswith(f"{one.demand.value}/")
    }
    if not aside:
        return list(spoken)
    return [_turned(one, aside[one.demand.words], floor) if one.demand.words in aside else one for one in spoken]


def _turned(one: Spoken, other: str, floor: float) -> Spoken:
    if is_demanded_category(one):
        return Spoken(one.kind, one.demand, Standing.BROADER, other)
    if one.kind is TermKind.ATTRIBUTE and one.standing is Standing.OUTWEIGHED and one.demand.confidence >= floor:
        return Spoken(one.kind, one.demand, Standing.DEMANDED)
    return one
