"""`multigrain bench understand`: what reading a query costs, in processor time, so that other work does not count."""

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

from benchmarks.bench import Bench, Size
from multigrain.figures import Figure
from multigrain.key_terms import KeyTerm, TermKind
from multigrain.settings import Settings
from multigrain.text.terms import terms_of
from server.understanding.tagger import Tagger

LATIN_TERMS, HAN_TERMS = 60_000, 40_000
"""Of one to three words, and of two to five characters: a hundred thousand in all."""
LONE_TERMS = 100
"""Of those, of one character, like 鞋: where a query holds one, the segmenter is asked as well."""
WORDS = range(2, 13)
QUERIES_OF_A_LENGTH = 60
REPEATS = 5
"""Of each query; the median is taken, for the machine now and then does something else."""
KNOWN_SHARE = 0.6
"""Of a query's words, how many come from the dictionary; the others are words that it may hold in part."""
GUARDED_SHARE = 0.3
TARGET_US = 150.0

LATIN_GUARDS = ("not", "for", "without", "compatible with")
HAN_GUARDS = ("不要", "适用于", "无")


def measure(*, latin_terms: int = LATIN_TERMS, han_terms: int = HAN_TERMS, seed: int = 7) -> Sequence[Figure]:
    """Microseconds a query, by language and by length, and how long the dictionary takes to load."""
    rng = random.Random(seed)
    latin = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(30_000)]
    han = [chr(code) for code in range(0x4E00, 0x4E00 + 3_000)]
    named = _made(latin, latin_terms, (1, 1, 2, 2, 3), rng)
    written = [*((one,) for one in han[:LONE_TERMS]), *_made(han, han_terms - LONE_TERMS, (2, 2, 3, 3, 4, 5), rng)]
    terms = [_term(number, words, rng) for number, words in enumerate([*named, *written])]
    loads = []
    for _ in range(3):
        started = time.process_time()
        tagger = Tagger(terms)
        loads.append((time.process_time() - started) * 1e3)
    english = _queries(named, latin, LATIN_GUARDS, " ", rng)
    chinese = _queries(written, han, HAN_GUARDS, "", rng)
    took = {query: _microseconds(tagger.understand, query) for query in (*english, *chinese)}
    return [
        Figure(name="a query, p50", value=_centile(took, 50), unit="us", target=TARGET_US),
        Figure(name="a query, p99", value=_centile(took, 99), unit="us", target=TARGET_US),
        *_by_length("English", "words", {query: took[query] for query in english}),
        *_by_length("Chinese", "characters", {query: took[query] for query in chinese}),
        Figure.of(f"load {len(terms):,} terms", loads, "ms"),
    ]


def _made(units: Sequence[str], count: int, lengths: Sequence[int], rng: random.Random) -> list[tuple[str, ...]]:
    made: dict[tuple[str, ...], None] = {}
    while len(made) < count:
        made[tuple(rng.choices(units, k=rng.choice(lengths)))] = None
    return list(made)


def _term(number: int, words: tuple[str, ...], rng: random.Random) -> KeyTerm:
    kind = tuple(TermKind)[number % len(TermKind)]
    name = "colour" if kind is TermKind.ATTRIBUTE else ""
    return KeyTerm(kind=kind, value=f"value {number}", words=words, confidence=rng.uniform(0.5, 1.0), name=name)


def _queries(
    terms: Sequence[tuple[str, ...]], units: Sequence[str], guards: Sequence[str], joint: str, rng: random.Random
) -> list[str]:
    """Of every length, some with a guard among their words."""
    made = []
    for length in WORDS:
        for _ in range(QUERIES_OF_A_LENGTH):
            parts: list[Sequence[str]] = []
            while sum(map(len, parts)) < length:
                parts.append(rng.choice(terms) if rng.random() < KNOWN_SHARE else [rng.choice(units)])
            if rng.random() < GUARDED_SHARE:
                parts.insert(rng.randrange(len(parts)), [rng.choice(guards)])
            made.append(joint.join([word for part in parts for word in part][:length]))
    return made


def _microseconds(work: Callable[[str], object], query: str) -> float:
    samples = []
    for _ in range(REPEATS):
        started = time.thread_time()
        work(query)
        samples.append((time.thread_time() - started) * 1e6)
    return statistics.median(samples)


def _by_length(language: str, unit: str, took: dict[str, float]) -> Iterator[Figure]:
    of_length: dict[range, list[float]] = {range(2, 5): [], range(5, 9): [], range(9, 2 * WORDS.stop): []}
    for query, microseconds in took.items():
        for lengths, samples in of_length.items():
            if len(terms_of(query)) in lengths:
                samples.append(microseconds)
    for lengths, samples in of_length.items():
        if samples:
            upto = f"to {lengths.stop - 1}" if lengths.stop < WORDS.stop else "and more"
            name = f"{language}, {lengths.start} {upto} {unit}, p50"
            yield Figure(name=name, value=statistics.median(samples), unit="us")


def _centile(took: dict[str, float], percent: int) -> float:
    return statistics.quantiles(took.values(), n=100, method="inclusive")[percent - 1]


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    say(f"{LATIN_TERMS + HAN_TERMS:,} terms, queries of {WORDS.start} to {WORDS.stop - 1} words")
    return measure()


BENCH = Bench(
    name="understand",
    summary="a query to its demands, with a dictionary of a hundred thousand terms: microseconds",
    sizes=tuple(Size),
    run=_run,
)
