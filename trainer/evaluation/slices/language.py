"""In which script the query is written; a language is not guessed."""

from collections.abc import Sequence

from multigrain.text.scripts import IS_CJK
from trainer.evaluation.slices.dimension import Dimension
from trainer.evaluation.trial import Trial


def _labels(trial: Trial) -> Sequence[str]:
    return [_label(example.query) for example in trial.examples]


def _label(query: str) -> str:
    letters = [letter for letter in query if letter.isalpha()]
    cjk = sum(bool(IS_CJK.match(letter)) for letter in letters)
    if not letters:
        return "no letters"
    return "CJK" if cjk == len(letters) else "Latin and other" if not cjk else "mixed"


LANGUAGE = Dimension("language", _labels)
