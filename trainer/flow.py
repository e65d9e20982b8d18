"""The trainer's story: logs -> examples -> towers, neighbours, key terms -> bundle -> evaluation -> gate -> generation.

Each step leaves a finished folder, marked with what it was made from. A broken run goes on where it stopped: a folder
without its mark, or made from other logs or another configuration, is made again.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from multigrain.bundle import Bundle, open_bundle
from multigrain.encoder import Encoder, load_encoder
from multigrain.index.specs import IndexSpec
from multigrain.registry.generation import Evaluated, GateVerdict, Generation
from multigrain.settings import GateSettings, GenerationSettings
from multigrain.types import GenerationId
from trainer.configs.config import TrainingConfig
from trainer.data.example_rows import read_examples
from trainer.data.logs import read_logs
from trainer.evaluation.before import Before, load_before
from trainer.evaluation.report import Report, load_report
from trainer.evaluation.systems.exact import ExactSystem
from trainer.evaluation.trial import trial_of
from trainer.progress import Clock, Reporter
from trainer.publish.embedding.embedded import open_embedded
from trainer.publish.gate import ask, kept, require_passed
from trainer.publish.index_build import ITEMS_AT_ONCE, Stores, build_generation
from trainer.publish.keep import keep_bundle
from trainer.steps import Steps, finished_steps, made_from_logs


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bundle that was evaluated, and may be published if the gate lets it pass."""

    bundle: Bundle
    report: Report
    examples: Path
    before: Before


def make_candidate(
    logs_folder: Path,
    work: Path,
    config: TrainingConfig,
    *,
    reporter: Reporter,
    clock: Clock,
    clock_ms: Callable[[], int],
    given_examples: Path | None = None,
    start_from: Path | None = None,
) -> Candidate:
    """Logs -> an evaluated bundle. `work` keeps the folders of the steps.

    `given_examples`: made before from these logs; None: they are made. `start_from`: the work folder of an earlier run,
    or a bundle, whose towers training starts from; None: it starts from fresh ones.
    """
    logs = read_logs(logs_folder)
    steps = Steps(work, config, made_from_logs(logs_folder), reporter=reporter, clock=clock)

    examples = steps.examples(logs_folder) if given_examples is None else steps.given_examples(logs, given_examples)
    towers = steps.towers(logs, examples, start_from)
    neighbors = steps.neighbors(logs_folder, examples)
    terms = steps.key_terms(logs, examples)
    cut = steps.cut_off(logs, examples, towers)
    made = steps.bundle(logs, examples, towers=towers, neighbors=neighbors, terms=terms, cut=cut, created_ms=clock_ms())
    bundle = open_bundle(made)
    evaluation = steps.evaluation(logs, examples, bundle)

    return Candidate(bundle, load_report(evaluation), examples, load_before(evaluation))


def find_candidate(work: Path) -> Candidate:
    """What `make_candidate` left in `work`. Raises NotFound naming the step that is not finished."""
    found = finished_steps(work)
    return Candidate(
        open_bundle(found.bundle), load_report(found.evaluation), found.examples, load_before(found.evaluation)
    )


def publish(
    candidate: Candidate,
    stores: Stores,
    *,
    generation_id: GenerationId,
    bundles: Path,
    spec: IndexSpec,
    settings: GenerationSettings,
    rules: GateSettings,
    override: str = "",
    embedded: Path | None = None,
    reporter: Reporter,
    clock: Clock,
    clock_ms: Callable[[], int],
) -> Generation:
    """An evaluated bundle -> a generation that is ready. Promoting it is a person's, or a command's, next step.

    `embedded`: a folder of vectors that this bundle made before; None: every item is encoded now.

    Raises GateRefused before anything is built, unless `override` says why it is wanted all the same.
    """
    encoder = load_encoder(candidate.bundle)
    verdict = ask_gate(candidate, encoder, stores, rules)
    if not override:
        require_passed(candidate.bundle.bundle_id, verdict)
    bundle = keep_bundle(candidate.bundle, bundles)
    with nullcontext(encoder) if embedded is None else open_embedded(embedded, encoder) as item_encoder:
        return build_generation(
            generation_id,
            bundle,
            item_encoder,
            stores,
            spec=spec,
            queries=[(example.query, example.history) for example in read_examples(candidate.examples, "test")],
            evaluated=Evaluated(scores=candidate.report.scores, verdict=verdict, override=override),
            settings=settings,
            clock_ms=clock_ms,
            clock=clock,
            reporter=reporter,
        )


def ask_gate(candidate: Candidate, encoder: Encoder, stores: Stores, rules: GateSettings) -> GateVerdict:
    """The candidate by the rules, beside what is live: both asked the test searches over today's catalogue."""
    items = [stored.item for batch in stores.catalogue.scan(ITEMS_AT_ONCE) for stored in batch]
    trial = trial_of(candidate.examples, items, candidate.before)
    return kept(ask(ExactSystem(encoder), stores.registry.live(), trial, rules))
