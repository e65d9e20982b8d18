"""How far a guard reaches: what it binds falls silent, and nothing behind that.

A negation binds the next thing, known or not: of 'no sugar coke zero' it takes the sugar. A compatibility binds a thing
as it is named, a brand and then a category: 'charger for dell laptop'. Both go on over 'and' and 'or'.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from multigrain.key_terms import TermKind
from multigrain.text.scripts import IS_CJK
from server.understanding.guards import (
    AND,
    COMPATIBILITY_FILLERS,
    NEGATION_FILLERS,
    STOPS,
    Guard,
    GuardKind,
    is_filler,
    is_number,
    is_whom,
)

UNKNOWN_MAX = 3
"""Units that mean nothing to us and may stand between 'for' and the category that it binds: 'for the living room sofa';
in Chinese also between a brand and the guard behind it: 苹果安卓通用.
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a query in reading order: a mention, a guard, or one unit that is neither."""

    units: tuple[str, ...]
    kind: TermKind | None = None
    """Of a mention. None: nothing that the dictionary knows, or cannot decide on."""
    guard: Guard | None = None

    @property
    def text(self) -> str:
        """For people: 'compatible with', 适用于."""
        return ("" if IS_CJK.match(self.units[0]) else " ").join(self.units)


def silenced(pieces: Sequence[Piece]) -> dict[int, Piece]:
    """Positions of pieces that are spoken of and not asked for, each with the guard that says so."""
    found: dict[int, Piece] = {}
    for position, piece in enumerate(pieces):
        if piece.guard is not None:
            for silent in _bound(pieces, position, piece.guard):
                found.setdefault(silent, piece)
    return found


def _bound(pieces: Sequence[Piece], position: int, guard: Guard) -> Sequence[int]:
    before, behind = _WAYS[guard.kind]
    if not guard.behind:
        return list(before(pieces, position)) if guard.before else ()
    found = list(behind(pieces, position))
    # 男女通用 says for whom, and nothing of what comes next.
    if not guard.before or found or (position > 0 and _is_of_someone(pieces[position - 1])):
        return found
    return list(before(pieces, position))


def _negated(pieces: Sequence[Piece], position: int) -> Iterator[int]:
    if position == len(pieces) - 1 and IS_CJK.match(pieces[position].units[0]):
        # 红色不要: at the end it looks back.
        yield from _negated_behind(pieces, position)
        return
    following = range(position + 1, len(pieces))
    # 'chanel no 5' counts.
    if pieces[position].units == ("no",) and position + 1 in following and is_number(pieces[position + 1].units[0]):
        return
    goes_on = True
    for here in following:
        piece = pieces[here]
        if piece.guard is not None:
            if piece.guard.kind is GuardKind.COMPATIBILITY and piece.guard.before and goes_on:
                continue  # 'not for kids'
            return
        if _is_plain(piece) and is_filler(piece.units[0], NEGATION_FILLERS):
            continue
        if _is_plain(piece) and piece.units[0] in AND:
            goes_on = True
        elif goes_on:
            yield here
            goes_on = False
        else:
            return


def _negated_behind(pieces: Sequence[Piece], position: int) -> Iterator[int]:
    """Mentions that stand right before it, joined by 'and'. 'Nike free' is a shoe, so a brand is not free of itself."""
    latin = not IS_CJK.match(pieces[position].units[0])
    goes_on = True
    for here in range(position - 1, -1, -1):
        piece = pieces[here]
        if _is_plain(piece) and is_filler(piece.units[0], frozenset()):
            continue
        if _is_plain(piece) and piece.units[0] in AND:
            goes_on = True
        elif goes_on and piece.kind is not None and not (latin and piece.kind is TermKind.BRAND):
            yield here
            goes_on = False
        else:
            return


def _named(pieces: Sequence[Piece], position: int) -> Iterator[int]:
    chinese = bool(IS_CJK.match(pieces[position].units[0]))
    bound, unknown = _Bound(), 0
    for here in range(position + 1, len(pieces)):
        piece, unit = pieces[here], pieces[here].units[0]
        if piece.guard is not None or _is_of_someone(piece) or (_is_plain(piece) and unit in STOPS):
            return
        if piece.kind is TermKind.BRAND:
            # 适用苹果华为: Chinese strings brands together where English would join them.
            if unknown or bound.category or (bound.brand and not chinese):
                return
            bound = _Bound(brand=True)
            yield here
        elif piece.kind is TermKind.CATEGORY:
            if bound.category or _is_head(pieces, position, here, adjacent=not bound.brand and not unknown):
                return
            bound = _Bound(brand=bound.brand, category=True)
            yield here
        elif unit in AND:
            bound, unknown = _Bound(), 0
        elif _is_plain(piece) and not is_filler(unit, COMPATIBILITY_FILLERS) and not is_number(unit):
            unknown += 1
            if unknown > UNKNOWN_MAX:
                return


@dataclass(frozen=True, slots=True)
class _Bound:
    """What a compatibility has bound of one thing so far."""

    brand: bool = False
    category: bool = False


def _is_head(pieces: Sequence[Piece], position: int, here: int, *, adjacent: bool) -> bool:
    """Whether the category is what is asked for, though it stands behind the guard: 'for dell charger', 适用苹果充电器.

    So it is where no other category is left, before the guard or behind this one. In English only where the guard
    begins the query: elsewhere what is asked for stands before it. `adjacent`: 适用手机 speaks of the phone itself.
    """
    if adjacent or not (position == 0 or IS_CJK.match(pieces[position].units[0])):
        return False
    others = [*pieces[:position], *pieces[here + 1 :]]
    return not any(piece.kind is TermKind.CATEGORY for piece in others)


def _named_behind(pieces: Sequence[Piece], position: int) -> Iterator[int]:
    """A category and the brands before it that stand right before the guard. The only category of a query stays: of
    手机通用支架 the phone falls silent, of 充电器通用 nothing does.
    """
    a_category_may = sum(piece.kind is TermKind.CATEGORY for piece in pieces) > 1
    unknown = UNKNOWN_MAX if IS_CJK.match(pieces[position].units[0]) else 0
    for here in range(position - 1, -1, -1):
        piece = pieces[here]
        named = piece.kind is TermKind.CATEGORY and a_category_may and not is_whom(piece.units)
        if piece.kind is TermKind.BRAND or named:
            yield here
            a_category_may = False
        elif not _is_plain(piece):
            return
        elif not is_filler(piece.units[0], AND):
            unknown, a_category_may = unknown - 1, False
            if unknown < 0:
                return


def _is_of_someone(piece: Piece) -> bool:
    """'For women', 适合儿童: whom it is for, and not what. 'Free people' is a brand."""
    return piece.kind is not TermKind.BRAND and is_whom(piece.units)


def _is_plain(piece: Piece) -> bool:
    return piece.kind is None and piece.guard is None


_WAYS = {
    GuardKind.NEGATION: (_negated, _negated_behind),
    GuardKind.COMPATIBILITY: (_named, _named_behind),
}
"""What each kind binds after it, and before it."""
