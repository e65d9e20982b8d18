"""Grains of a run of CJK characters: the characters, their bigrams, and words.

Words are the bigrams for now: overlapping bigrams are the usual stand-in where no segmenter is at hand.
"""


def unigrams(run: str) -> list[str]:
    return list(run)


def bigrams(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def words(run: str) -> list[str]:
    return bigrams(run) or [run]
