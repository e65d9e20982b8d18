"""Training logs -> vocabularies. Only the training part is read: a word first typed on the test day stays unknown.

Items that were rarely clicked get no id of their own: they fall into hash buckets and live by their title and side
features, which is also how an item listed tomorrow is encoded.
"""

from collections.abc import Iterable, Iterator

from multigrain.features.inputs import Vocabularies
from multigrain.text.analyzer import analyze, words_of
from multigrain.text.vocabulary import Vocabulary
from multigrain.types import Item
from trainer.configs.config import VocabularyConfig
from trainer.data.logs import Logs, items_of


def build_vocabularies(logs: Logs, config: VocabularyConfig, *, before_ms: int) -> Vocabularies:
    """Vocabularies of the catalogue, and of the searches and clicks before `before_ms`."""
    items = list(items_of(logs))
    queries = [row["query"] for row in logs.searches.select(["at_ms", "query"]).to_pylist() if row["at_ms"] < before_ms]
    grains = [analyze(text) for text in queries]
    titles = [words_of(item.title) for item in items]
    # Word by word, as layers/spelling.py spells them.
    spelt = [analyze(word).unigrams for title in titles for word in title] if config.title_unigrams else []
    words = Vocabulary.build(
        _chain([*(grain.words for grain in grains), *titles]), at_most=config.words, buckets=config.word_buckets
    )
    return Vocabularies(
        unigram=Vocabulary.build(
            _chain([*(grain.unigrams for grain in grains), *spelt]),
            at_most=config.unigrams,
            buckets=config.unigram_buckets,
        ),
        bigram=Vocabulary.build(
            _chain(grain.bigrams for grain in grains), at_most=config.bigrams, buckets=config.bigram_buckets
        ),
        word=words,
        item=Vocabulary.build(
            _clicked(logs, before_ms),
            at_most=config.items,
            buckets=config.item_buckets,
            at_least_seen=config.item_clicks,
        ),
        leaf=_side((item.leaf_category for item in items), config),
        top=_side((item.top_category for item in items), config),
        brand=_side((item.brand for item in items), config),
        shop=_side((item.shop for item in items), config),
    )


def clicks_by_item(logs: Logs, items: Iterable[Item], *, before_ms: int) -> list[int]:
    """How often each of `items` was acted on before `before_ms`."""
    counts: dict[str, int] = {}
    for item_id in _clicked(logs, before_ms):
        counts[item_id] = counts.get(item_id, 0) + 1
    return [counts.get(item.item_id, 0) for item in items]


def _clicked(logs: Logs, before_ms: int) -> Iterator[str]:
    rows = logs.events.select(["item_id", "at_ms"]).to_pylist()
    return (row["item_id"] for row in rows if row["at_ms"] < before_ms)


def _side(tokens: Iterable[str], config: VocabularyConfig) -> Vocabulary:
    return Vocabulary.build(tokens, at_most=config.sides, buckets=config.side_buckets)


def _chain(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    return (token for row in rows for token in row)
