"""`multigrain evaluate`: past searches asked again, of a bundle, a generation or a running server."""

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING

from commands.command import Command
from commands.evaluated_systems import SYSTEM, add_trial_arguments
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.settings import Settings
    from trainer.evaluation.evaluate import Evaluation
    from trainer.evaluation.judge import Judge
    from trainer.evaluation.report import Verdict


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", nargs="+", metavar="SYSTEM", help=f"{SYSTEM}; several stand side by side")
    add_trial_arguments(parser)
    parser.add_argument(
        "--gate", action="store_true", help="hold it against the rules of [gate]; of a ready generation it is kept"
    )


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.evaluated_systems import looks_of, open_judge, opened, read_asked
    from commands.evaluation_tables import show_report
    from multigrain.figures import Figure
    from multigrain.settings_in_force import current_settings
    from trainer.evaluation.evaluate import evaluate
    from trainer.evaluation.page.page import write_page
    from trainer.evaluation.report import save_report

    settings = current_settings()
    if args.gate:
        _check_gate_options(args)
    with output.progress() as progress, ExitStack() as systems:
        with progress.step("reading the searches") as step:
            trial, judge = read_asked(args), open_judge(args)
            step.update(1, 1, f"{len(trial):,} searches over {len(trial.items):,} items")
        with progress.step("asking them") as step:
            found = evaluate(
                trial,
                [systems.enter_context(opened(name, settings, every_mode=args.every_mode)) for name in args.system],
                subject=", ".join(args.system),
                k=args.k,
                judge=judge,
                training=looks_of(args.system[0]),
                tell=step.update,
            )
            step.update(1, 1)
        report = found.report
        if args.gate:
            with progress.step("asking the gate") as step:
                report = report.model_copy(update={"verdict": _ask_gate(args.system[-1], found, judge, settings)})
                step.update(1, 1)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        save_report(report, args.out)
        write_page(report, args.out / "report.html")
    show_report(report, output)
    figures = [Figure(name=name, value=value, unit="").as_json() for name, value in report.scores.items()]
    output.result({"figures": figures, **report.model_dump(mode="json")})
    return 0 if report.verdict is None or report.verdict.passed else 1


def _check_gate_options(args: argparse.Namespace) -> None:
    """The gate is asked of every search, as it stands, over every item: an easier question would open it."""
    from commands.evaluated_systems import ADDRESS
    from multigrain.errors import InvalidConfig

    if ADDRESS.fullmatch(args.system[-1]):
        cure = "name the generation itself: its id stands alone"
        raise InvalidConfig("--gate", f"{args.system[-1]} is a server", cure=cure)
    for option, given in (
        ("--queries", args.queries is not None),
        ("--each-click", args.each_click),
        ("--within-category", args.within_category),
    ):
        if given:
            raise InvalidConfig(option, "makes another question of it than the gate's", cure="leave it out, or --gate")


def _ask_gate(name: str, found: "Evaluation", judge: "Judge | None", settings: "Settings") -> "Verdict":
    """By the rules of the settings, beside what is live. What it says of a ready generation is kept with it."""
    from commands.stores import open_registry
    from multigrain.registry.generation import GenerationState
    from multigrain.types import GenerationId
    from trainer.evaluation.systems.exact import ExactSystem
    from trainer.evaluation.systems.indexed import IndexedSystem
    from trainer.publish.gate import ask, kept

    registry, system = open_registry(settings), found.deciding.system
    assert isinstance(system, ExactSystem | IndexedSystem)  # a server was refused before it was asked
    exact = system if isinstance(system, ExactSystem) else system.exact
    verdict = ask(exact, registry.live(), found.trial, settings.gate, judge)
    named = {generation.generation_id: generation for generation in registry.list()}.get(GenerationId(name))
    if named is not None and named.state is GenerationState.READY:
        registry.keep_verdict(named.generation_id, kept(verdict))
    return verdict


COMMAND = Command(
    name="evaluate",
    summary="ask past searches again: of a bundle, a generation or a running server",
    description="How much of what was clicked is found, with the relevance of what is, for every slice of the searches "
    "and at every stage on the way to users: exact search over every item, the generation's index, each channel of a "
    "server, the fused list, the answer after relevance control. Exit code 1 when --gate refuses.",
    add_arguments=_add_arguments,
    run=_run,
)
