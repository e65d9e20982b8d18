"""`multigrain bench train`: how fast towers learn, and how long the step waits for its input, by the run's own journal.

The trainer's own steps over a simulated shop: nothing of the run is put together here. The paper's configuration keeps
its dims and lengths; only the batch is smaller at size small, so that enough steps fit.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Bench, Size
from multigrain.figures import Figure
from multigrain.settings import Settings
from trainer.configs.config import TrainingConfig, load_config
from trainer.data.logs import Logs, read_logs, write_logs
from trainer.data.market.marketplace import make_marketplace
from trainer.progress import silent
from trainer.steps import Steps, made_from_logs
from trainer.training.journal import FILE as JOURNAL
from trainer.training.journal import Line, read_journal

STALL_TARGET = 5
"""Percent of the time of a step."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training run to be measured. `users` of the shop are chosen for so many steps."""

    config: str
    users: int
    batch: int
    epochs: int
    xla: bool


RUNS = {
    Size.SMALL: (
        Run("demo", 2_200, 256, 2, xla=False),
        Run("mgdspr", 280, 32, 1, xla=False),
    ),
    Size.ONE_MILLION: (
        Run("demo", 4_000, 256, 3, xla=False),
        Run("demo", 4_000, 256, 3, xla=True),
        Run("mgdspr", 2_200, 256, 2, xla=False),
        Run("mgdspr", 2_200, 256, 2, xla=True),
    ),
}
"""On a CPU, XLA takes half a minute to compile a step, which is why no small run has it."""
ITEMS, DAYS, SEED = 2_000, 5, 7


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of the journal: where the run was, and when."""

    step: int
    seconds: float
    """Since the run began."""
    waited: float
    """Seconds of those in which the step had no batch."""


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    figures: list[Figure] = []
    for run in RUNS[size]:
        with tempfile.TemporaryDirectory(prefix="multigrain-bench-") as name:
            say(f"{run.config}: a shop of {run.users:,} users")
            logs = make_marketplace(items=ITEMS, users=run.users, days=DAYS, seed=SEED)
            say(f"{run.config}, batches of {run.batch}{', XLA' if run.xla else ''}")
            figures += figures_of(run, _journal_of(Path(name), run, logs))
    return figures


def _journal_of(place: Path, run: Run, logs: Logs) -> list[Moment]:
    """Trains in `place`, and reads what the run said of itself."""
    write_logs(place / "logs", logs)
    steps = Steps(
        place / "work", _config(run), made_from_logs(place / "logs"), reporter=silent, clock=time.perf_counter
    )
    steps.towers(read_logs(place / "logs"), steps.examples(place / "logs"), None)
    return moments_of(read_journal(place / "work" / JOURNAL), run.batch)


def moments_of(lines: Sequence[Line], batch: int) -> list[Moment]:
    """The start of a run, and where it was at each line of its journal."""
    moments = [Moment(0, 0.0, 0.0)]
    for line in lines:
        before, seconds = moments[-1], line.step * batch / line.per_second
        waited = before.waited + line.stall * (seconds - before.seconds)
        moments.append(Moment(line.step, seconds, waited))
    return moments


def _config(run: Run) -> TrainingConfig:
    config = load_config(run.config)
    # Nothing is held out: measuring recall would be counted as training.
    changes = {"batch_size": run.batch, "epochs": run.epochs, "xla": run.xla, "held_out": 0}
    return config.model_copy(update={"run": config.run.model_copy(update=changes)})


def figures_of(run: Run, moments: Sequence[Moment]) -> Sequence[Figure]:
    """Of the steps after the first report: before it stands the making of the graph, for seconds."""
    name = f"{run.config}, batches of {run.batch}{', XLA' if run.xla else ''}"
    first, last = moments[1], moments[-1]
    steps, seconds = last.step - first.step, last.seconds - first.seconds
    ended = last.step / run.epochs
    parts = [("first pass", first, max((one for one in moments if one.step <= ended), key=lambda one: one.step))]
    if run.epochs > 1:
        parts.append(("later passes", next(one for one in moments if one.step >= ended), last))
    return (
        Figure(name=f"{name}: trained", value=steps * run.batch / seconds, unit="examples/s"),
        Figure(name=f"{name}: a step", value=seconds / steps * 1e3, unit="ms"),
        *(_stall(f"{name}: input stall, {part}", begun, done) for part, begun, done in parts),
        Figure(name=f"{name}: the first {first.step} steps, the graph with them", value=first.seconds, unit="s"),
    )


def _stall(name: str, begun: Moment, done: Moment) -> Figure:
    share = (done.waited - begun.waited) / (done.seconds - begun.seconds)
    return Figure(name=name, value=share * 100, unit="% of a step", target=STALL_TARGET)


BENCH = Bench(
    name="train",
    summary="training steps: examples a second, and the share of time that waits for input",
    sizes=tuple(RUNS),
    run=_run,
)
