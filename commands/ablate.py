"""`multigrain ablate`: what each part of the model is worth."""

import argparse
import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from trainer.ablation.interval import Interval
    from trainer.ablation.run import Row

STUDIES = ("grid", "baselines", "losses", "tau", "hard", "mix", "cold")
"""As in trainer/ablation/studies.py, which is not imported here because it loads pydantic; a test compares the two."""
COLUMNS = ("recall@10", "recall@100", "history_off_recall@100", "p_good@100")
RESULTS = "results.json"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", metavar="STUDY", choices=STUDIES, help=f"one of {', '.join(STUDIES)}")
    parser.add_argument("--logs", type=Path, required=True, help="log folder; simulated logs also give P_good")
    parser.add_argument("--out", type=Path, required=True, help="work folder; a broken study goes on where it stopped")
    parser.add_argument("--train-config", default="demo", help="what the variants are changes of (default: demo)")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each variant (default: 3)")
    parser.add_argument("--epochs", type=int, default=None, help="instead of run.epochs of the config")


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.reporting import reporter_on
    from multigrain.errors import InvalidConfig
    from trainer.ablation.run import Setting, run_study
    from trainer.ablation.studies import STUDIES as VARIANTS
    from trainer.configs.config import load_config
    from trainer.data.market.truth import FOLDER
    from trainer.evaluation.truth import Truth

    if args.seeds < 1:
        raise InvalidConfig("--seeds", f"is {args.seeds}", cure="give 1 or more; 3 for intervals")
    config = load_config(args.train_config)
    if args.epochs is not None:
        config = config.model_copy(update={"run": config.run.model_copy(update={"epochs": args.epochs})})
    truth = Truth.open(args.logs / FOLDER) if (args.logs / FOLDER).exists() else None
    setting = Setting(logs=args.logs, work=args.out, config=config, seeds=args.seeds, truth=truth)
    with output.progress() as progress, reporter_on(progress) as reporter:
        rows = list(
            run_study(
                args.study,
                VARIANTS[args.study],
                setting,
                reporter=reporter,
                clock=time.monotonic,
                clock_ms=lambda: time.time_ns() // 1_000_000,
            )
        )
    _show(rows, args, output)
    return 0


def _show(rows: "list[Row]", args: argparse.Namespace, output: Output) -> None:
    columns = [name for name in COLUMNS if name in rows[0].scores]
    output.table(
        f"{args.study}: mean and 95 % interval over {args.seeds} seeds",
        ("variant", *(f"{name}>" for name in columns)),
        [(row.variant, *(_said(row.scores[name]) for name in columns)) for row in rows],
    )
    figures = [_figure(row.variant, name, found) for row in rows for name, found in row.scores.items()]
    document = {"study": args.study, "seeds": args.seeds, "figures": figures}
    (args.out / args.study / RESULTS).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    output.result(document)


def _figure(variant: str, name: str, found: "Interval") -> dict[str, object]:
    half = found.half if math.isfinite(found.half) else None
    return {"name": f"{variant}: {name}", "value": found.mean, "unit": "", "half_interval": half}


def _said(found: "Interval") -> str:
    return f"{found.mean:.3f} ± {found.half:.3f}"


COMMAND = Command(
    name="ablate",
    summary="train variants of a model and compare them",
    description="Trains every variant of a study with several seeds on the same examples and measures each on the same "
    "held-out searches, exactly. grid: the paper's ablation; baselines, losses, tau, hard, mix: its comparisons and "
    "sweeps; cold: items nobody clicked. Takes as many trainings as variants times seeds.",
    add_arguments=_add_arguments,
    run=_run,
)
