"""How often the query was asked before: the searches of the logs in thirds, most asked queries first."""

from collections.abc import Sequence

from trainer.evaluation.before import folded
from trainer.evaluation.slices.dimension import Dimension
from trainer.evaluation.trial import Trial

HEAD, TORSO, TAIL, UNSEEN = "head", "torso", "tail", "unseen"


def _labels(trial: Trial) -> Sequence[str]:
    """Head and torso each hold a third of the earlier searches; the tail is the rest, UNSEEN was never asked."""
    total, so_far = sum(trial.asked.values()), 0
    place: dict[str, str] = {}
    for query, count in trial.asked.most_common():
        place[query] = HEAD if 3 * so_far < total else TORSO if 3 * so_far < 2 * total else TAIL
        so_far += count
    return [place.get(folded(example.query), UNSEEN) for example in trial.examples]


FREQUENCY = Dimension("frequency", _labels, (HEAD, TORSO, TAIL, UNSEEN))
