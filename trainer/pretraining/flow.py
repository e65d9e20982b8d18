"""The story of pre-training: catalogue -> pieces of titles -> towers -> bundle -> evaluation.

The steps, and so the folders, are those of training; the examples alone are others. So the same command goes on where a
broken run stopped, its bundle is evaluated and published as any other, and training starts from it with --from.
"""

from collections.abc import Callable
from pathlib import Path

from multigrain.bundle import open_bundle
from trainer.configs.config import TrainingConfig
from trainer.data.logs import CATALOG, read_catalogue
from trainer.evaluation.before import load_before
from trainer.evaluation.report import load_report
from trainer.flow import Candidate
from trainer.pretraining.config import for_pretraining
from trainer.progress import Clock, Reporter
from trainer.steps import Steps, made_from_logs


def pretrain(
    folder: Path,
    work: Path,
    config: TrainingConfig,
    *,
    reporter: Reporter,
    clock: Clock,
    clock_ms: Callable[[], int],
) -> Candidate:
    """The catalogue in `folder` -> an evaluated bundle. Searches and events beside it are not read."""
    logs = read_catalogue(folder)
    steps = Steps(work, for_pretraining(config), made_from_logs(folder, [CATALOG]), reporter=reporter, clock=clock)

    examples = steps.pieces(logs)
    towers = steps.towers(logs, examples, None)
    neighbors = steps.neighbors(folder, examples)
    terms = steps.key_terms(logs, examples)
    made = steps.bundle(
        logs, examples, towers=towers, neighbors=neighbors, terms=terms, cut=None, created_ms=clock_ms()
    )
    bundle = open_bundle(made)
    evaluation = steps.evaluation(logs, examples, bundle)

    return Candidate(bundle, load_report(evaluation), examples, load_before(evaluation))
