"""How many typing errors lie between two words: a letter too many, missing, or another one, or two neighbours swapped.

The optimal string alignment distance (Damerau-Levenshtein, where no letter is touched twice).
"""


def typing_errors(typed: str, meant: str, *, at_most: int) -> int:
    """The number of errors; `at_most` + 1 where there are more."""
    if abs(len(typed) - len(meant)) > at_most:
        return at_most + 1
    before: list[int] = []
    last = list(range(len(meant) + 1))
    for row, letter in enumerate(typed, start=1):
        here = [row]
        for column, wanted in enumerate(meant, start=1):
            errors = min(last[column] + 1, here[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == meant[column - 2] and typed[row - 2] == wanted:
                errors = min(errors, before[column - 2] + 1)
            here.append(errors)
        before, last = last, here
    return min(last[-1], at_most + 1)
