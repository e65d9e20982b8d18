"""Chinese words by jieba's dictionary, in Rust. Which library, and why with its model of unknown words: docs/adr/0006.

The same text gives the same words in every process: dictionary and model are part of the package, and nothing is added.
"""

from collections.abc import Callable
from functools import cache


def segment(run: str) -> list[str]:
    """The words of a run of Han characters; put together they are the run. Safe from any thread."""
    return _cut()(run, True)  # True: the hidden Markov model, which finds names like 百雀羚


@cache
def _cut() -> Callable[[str, bool], list[str]]:
    # Importing it loads the dictionary: a tenth of a second or more and some 30 MB, which `--help` must not pay.
    import rjieba

    cut: Callable[[str, bool], list[str]] = rjieba.cut
    return cut
