"""What the query names: brands and categories of the catalogue, by their own words in its words."""

from collections.abc import Iterable, Sequence

from multigrain.text.terms import terms_of
from trainer.evaluation.slices.dimension import Dimension
from trainer.evaluation.trial import Trial

Phrases = frozenset[tuple[str, ...]]


def _labels(trial: Trial) -> Sequence[str]:
    brands = _phrases(item.brand for item in trial.items)
    categories = _phrases(name for item in trial.items for name in item.category_path)
    if not brands and not categories:
        return [""] * len(trial)
    return [_label(terms_of(example.query), brands, categories) for example in trial.examples]


def _label(words: Sequence[str], brands: Phrases, categories: Phrases) -> str:
    named = [name for name, known in (("brand", brands), ("category", categories)) if _holds(words, known)]
    return " and ".join(named) or "neither brand nor category"


def _phrases(names: Iterable[str]) -> Phrases:
    return frozenset(phrase for name in set(names) if (phrase := tuple(terms_of(name))))


def _holds(words: Sequence[str], known: Phrases) -> bool:
    longest = max(map(len, known), default=0)
    runs = (tuple(words[i:j]) for i in range(len(words)) for j in range(i + 1, min(i + longest, len(words)) + 1))
    return any(run in known for run in runs)


KIND = Dimension("kind", _labels)
