"""`multigrain compare`: two systems on the same searches, and what differs for sure."""

import argparse
from contextlib import ExitStack

from commands.command import Command
from commands.evaluated_systems import SYSTEM, add_trial_arguments
from commands.output import Output

COMPARISON = "comparison.json"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", metavar="A", help=SYSTEM)
    parser.add_argument("b", metavar="B", help="another one; what is shown is B less A")
    add_trial_arguments(parser)


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.evaluated_systems import looks_of, open_judge, opened, read_asked
    from commands.evaluation_tables import show_comparison
    from multigrain.settings_in_force import current_settings
    from trainer.evaluation.compare import compare
    from trainer.evaluation.evaluate import evaluate
    from trainer.evaluation.page.page import write_comparison_page

    settings = current_settings()
    with output.progress() as progress:
        with progress.step("reading the searches") as step:
            trial, judge = read_asked(args), open_judge(args)
            step.update(1, 1, f"{len(trial):,} searches over {len(trial.items):,} items")
        found = []
        for name in (args.a, args.b):
            # One after the other: an embedded index has one owner at a time.
            with progress.step(f"asking {name}") as step, ExitStack() as things:
                system = things.enter_context(opened(name, settings, every_mode=args.every_mode))
                looks = looks_of(name)
                found.append(
                    evaluate(trial, [system], subject=name, k=args.k, judge=judge, training=looks, tell=step.update)
                )
                step.update(1, 1)
        comparison = compare(*found)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / COMPARISON).write_text(comparison.model_dump_json(indent=1) + "\n", encoding="utf-8")
        write_comparison_page(comparison, args.out / "comparison.html")
    show_comparison(comparison, output)
    output.result(comparison.model_dump(mode="json"))
    return 0


COMMAND = Command(
    name="compare",
    summary="two bundles, generations or servers on the same searches",
    description="The figures of `multigrain evaluate` for both, with the difference of every metric on every slice, "
    "its interval by a paired bootstrap over the searches, and the searches whose answers changed most.",
    add_arguments=_add_arguments,
    run=_run,
)
