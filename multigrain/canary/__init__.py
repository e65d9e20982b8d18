"""Does an index answer as its own towers would? Found out by samples: no list of all vectors, no full exact search.

Two questions, each with a truth that does not come from the index. Items are drawn from the catalogue and encoded: one
whose score lies above the last one of an answer must be in that answer. And places are drawn from the answers: the item
there must exist, stand there once, and have the score that the towers give it.
"""

from collections.abc import Sequence

import numpy as np

from multigrain.canary.places import Fault, draw_places, still_faulty
from multigrain.canary.probe import Pace, Probe
from multigrain.canary.report import CanaryReport, CanaryVerdict, recall_interval
from multigrain.canary.trials import find_trials, still_missed
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import Encoder
from multigrain.errors import GateRefused
from multigrain.features.windows import Windows
from multigrain.index import specs
from multigrain.index.item_index import ItemIndex
from multigrain.registry.generation import Generation
from multigrain.settings import GenerationSettings

__all__ = ["CanaryReport", "CanaryVerdict", "Pace", "look", "refusal"]

AT_ONCE = Pace()


def look(
    generation: Generation,
    encoder: Encoder,
    index: ItemIndex,
    catalogue: SqlCatalogue,
    queries: Sequence[tuple[str, Windows]],
    settings: GenerationSettings,
    *,
    seed: int,
    pace: Pace = AT_ONCE,
) -> CanaryReport:
    """One look at a loaded index; another seed looks at other items, queries and places.

    Blocks for seconds. Raises IndexUnavailable and StoreUnavailable.
    """
    rng = np.random.default_rng(seed)
    probe = Probe(encoder, index, catalogue, pace, specs.from_dict(generation.index_spec), k=settings.canary_k)
    asked = [queries[row] for row in rng.permutation(len(queries))[: settings.canary_queries]]

    vectors = probe.encode(asked)
    answers = probe.search(vectors)
    drawn = probe.draw(rng, queries=len(asked))
    trials = find_trials(vectors, answers, drawn, edge=probe.edge)
    places = draw_places(vectors, answers, probe, rng)

    if trials.missed.any() or places.is_faulty.any():
        # Index and catalogue are written one after the other: what was on its way has arrived after a moment.
        pace.settle()
        trials = still_missed(trials, vectors, probe)
        places = still_faulty(places, vectors, probe)

    low, high = recall_interval(trials.queries, trials.item_nos, trials.missed)
    return CanaryReport(
        queries=len(asked),
        k=probe.k,
        items=len(drawn.item_nos),
        trials=len(trials.missed),
        missed=int(trials.missed.sum()),
        low=low,
        high=high,
        checked=len(places.item_nos),
        wrong_scores=places.count(Fault.WRONG_SCORE),
        unknown=places.count(Fault.UNKNOWN),
        repeated=places.count(Fault.REPEATED),
    )


def refusal(generation: Generation, report: CanaryReport, floor: float) -> GateRefused:
    """Ready to be raised."""
    return GateRefused(
        f"the index of {generation.generation_id} does not answer as its towers would: {report.describe(floor)}: "
        "build the generation again"
    )
