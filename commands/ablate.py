"""`multigrain ablate`: what each part of the model is worth."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from trainer.ablation.run import Row

STUDIES = {
    "mgdspr": ("baselines", "grid", "losses", "tau", "hard", "mix", "cold"),
    "mmse": ("terms", "stages", "unclicked", "pairs", "objectives", "pretraining", "fusion", "papers"),
}
"""As in trainer/ablation/studies.py, which is not imported here because it loads pydantic; a test compares the two."""
CONFIGS = {"mgdspr": "demo", "mmse": "mmse"}
"""What the variants are changes of, unless told otherwise."""
RESULTS = "results"
RECALL_STEPS = 60
"""Between looks at recall, at most: the curves are made of them."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    of = "; of ".join(f"{model}: {', '.join(studies)}" for model, studies in STUDIES.items())
    parser.add_argument("studies", metavar="STUDY", nargs="*", help=f"of {of} (default: all of the model)")
    parser.add_argument("--model", choices=STUDIES, default="mgdspr", help="whose studies (default: mgdspr)")
    parser.add_argument("--logs", type=Path, required=True, help="log folder; simulated logs also give P_good")
    parser.add_argument("--out", type=Path, required=True, help="work folder; a broken study goes on where it stopped")
    parser.add_argument(
        "--train-config", default=None, help="what the variants are changes of (default: demo, of mmse mmse)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="runs of each variant (default: 3)")
    parser.add_argument("--epochs", type=int, default=None, help="instead of run.epochs of the config")


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.reporting import reporter_on
    from multigrain.errors import InvalidConfig
    from trainer.ablation.run import Setting, Study
    from trainer.ablation.studies import STUDIES as VARIANTS
    from trainer.ablation.tables import figures_of, write_results
    from trainer.configs.config import load_config
    from trainer.data.market.truth import FOLDER
    from trainer.evaluation.truth import Truth

    if args.seeds < 1:
        raise InvalidConfig("--seeds", f"is {args.seeds}", cure="give 1 or more; 3 for intervals")
    for name in args.studies:
        if name not in STUDIES[args.model]:
            cure = f"name some of {', '.join(STUDIES[args.model])}, or none for all"
            raise InvalidConfig("STUDY", f"{name!r} is no study of {args.model}", cure=cure)
    config = load_config(args.train_config or CONFIGS[args.model])
    changes = {"recall_steps": min(config.run.recall_steps, RECALL_STEPS)}
    if args.epochs is not None:
        changes["epochs"] = args.epochs
    config = config.model_copy(update={"run": config.run.model_copy(update=changes)})
    truth = Truth.open(args.logs / FOLDER) if (args.logs / FOLDER).exists() else None
    setting = Setting(logs=args.logs, work=args.out, config=config, seeds=args.seeds, truth=truth)
    figures = []
    with output.progress() as progress, reporter_on(progress) as reporter:
        study = Study(setting, reporter=reporter, clock=time.monotonic, clock_ms=lambda: time.time_ns() // 1_000_000)
        # A table as soon as its study is through: all of them take hours.
        for name in args.studies or STUDIES[args.model]:
            rows = list(study.rows(VARIANTS[args.model][name]))
            write_results(name, rows, seeds=args.seeds, folder=args.out / RESULTS)
            _show(name, rows, args, output)
            figures += figures_of(name, rows)
    output.result({"results": args.out / RESULTS, "seeds": args.seeds, "figures": figures})
    return 0


def _show(name: str, rows: "list[Row]", args: argparse.Namespace, output: Output) -> None:
    from trainer.ablation.tables import columns_of, said

    columns = columns_of(rows)
    output.table(
        f"{name}: mean and 95 % interval over {args.seeds} seeds",
        ("variant", *(f"{column}>" for column in columns)),
        [(row.variant, *(said(row.scores[column]) for column in columns)) for row in rows],
        caption=f"table and plot: {args.out / RESULTS / name}.md, .svg",
    )


COMMAND = Command(
    name="ablate",
    summary="train variants of a model and compare them",
    description="Trains every variant of a study with several seeds on the same examples and measures each on the same "
    "held-out searches, exactly. baselines: against simpler models; grid: the paper's ablation; losses, tau, hard, "
    "mix: its comparison of losses and its sweeps; cold: items nobody clicked. Of mmse, terms, stages: each left out "
    "in turn; unclicked, pairs: sweeps of weights; objectives: others on the same towers; pretraining, fusion: with "
    "and without; papers: beside MGDSPR. Takes as many trainings as variants times seeds; what studies share is "
    "trained once. Leaves a table, a plot and the figures of each in OUT/results.",
    add_arguments=_add_arguments,
    run=_run,
)
