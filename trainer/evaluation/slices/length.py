"""How many words the query has, as the analyzer cuts them."""

from collections.abc import Sequence

from trainer.evaluation.slices.dimension import Dimension
from trainer.evaluation.trial import Trial


def _labels(trial: Trial) -> Sequence[str]:
    return [_label(len(example.grains.words)) for example in trial.examples]


def _label(words: int) -> str:
    if words <= 1:
        return "one word"
    return "2-3 words" if words <= 3 else "4-5 words" if words <= 5 else "6 words and more"


LENGTH = Dimension("length", _labels, ("one word",))
