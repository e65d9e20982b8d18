"""What `evaluate` and `compare` are given on the command line -> systems that can be asked.

A folder is a bundle, or the work folder of a training; host:port a running server, with /GENERATION for another
one than its live one; anything else the id of a generation in the registry.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from commands.request_options import open_client

if TYPE_CHECKING:
    from multigrain.settings import Settings
    from trainer.evaluation.judge import Judge
    from trainer.evaluation.report import Look
    from trainer.evaluation.systems.system import System
    from trainer.evaluation.trial import Trial

SYSTEM = (
    "a bundle folder or work folder, the id of a generation, or host:port of a server (host:port/GENERATION for "
    "another generation than its live one)"
)
OTHER_MODES = ("strict", "demote")
"""Beside OFF, which is always asked, and FILL, which is what users get."""
ADDRESS = re.compile(r"(?P<address>[^/\s]+:\d+)(?:/(?P<generation>\S+))?")


def add_trial_arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked, and who judges the answers."""
    parser.add_argument("--logs", type=Path, required=True, help="log folder with the catalogue to search")
    parser.add_argument("--examples", type=Path, required=True, help="folder of examples; its test part is asked")
    parser.add_argument("--queries", type=int, metavar="N", help="ask only N of the searches; never fewer items")
    parser.add_argument("--each-click", action="store_true", help="each click of a search is a search of its own")
    parser.add_argument(
        "--within-category", action="store_true", help="rank each search among the items of its target's categories"
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="DIR",
        help="who says what is good (default: the truth of simulated logs)",
    )
    parser.add_argument(
        "--every-mode", action="store_true", help="of a server: its answers in every relevance mode, a stage each"
    )
    parser.add_argument("-k", type=int, default=300, metavar="K", help="how deep every answer is (default: 300)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write the whole of it there, as a page and as JSON")


def read_asked(args: argparse.Namespace) -> "Trial":
    """The trial that the arguments name."""
    from multigrain.errors import InvalidConfig
    from trainer.data.logs import read_logs
    from trainer.evaluation.trial import each_click, read_trial, sampled, within_category

    if args.queries is not None and args.queries < 1:
        raise InvalidConfig("--queries", f"is {args.queries}", cure="ask 1 or more")
    trial = read_trial(read_logs(args.logs), args.examples)
    if args.each_click:
        trial = each_click(trial)
    if args.queries is not None:
        trial = sampled(trial, args.queries)
    return within_category(trial) if args.within_category else trial


def open_judge(args: argparse.Namespace) -> "Judge | None":
    """The teacher that was named, or the truth that lies beside simulated logs; None: nobody can say what is good."""
    from trainer.data.market.truth import FOLDER
    from trainer.evaluation.judges.truth import TruthJudge
    from trainer.evaluation.truth import Truth

    if args.teacher is not None:
        from trainer.evaluation.judges.taught import TeacherJudge
        from trainer.teacher.teacher import load_teacher

        return TeacherJudge(load_teacher(args.teacher))
    if (args.logs / FOLDER).is_dir():
        return TruthJudge(Truth.open(args.logs / FOLDER))
    return None


def looks_of(name: str) -> "list[Look]":
    """How the training went whose work folder this is; nothing for anything else."""
    from trainer.evaluation.report import Look
    from trainer.training.journal import FILE, read_journal

    return [Look(step=line.step, loss=line.loss, recall=line.recall) for line in read_journal(Path(name) / FILE)]


@contextmanager
def opened(name: str, settings: "Settings", *, every_mode: bool = False) -> "Iterator[System]":
    """The system of that name; what it holds open is closed afterwards. `every_mode`: of a server, which is asked in
    every relevance mode."""
    with ExitStack() as open_things:
        if Path(name).is_dir():
            yield _bundle(Path(name))
        elif found := ADDRESS.fullmatch(name):
            beside = OTHER_MODES if every_mode else ()
            yield _server(found["address"], found["generation"], beside, settings, open_things)
        else:
            yield _generation(name, settings, open_things)


def _bundle(folder: Path) -> "System":
    from multigrain.bundle import MANIFEST, open_bundle
    from multigrain.encoder import load_encoder
    from trainer.evaluation.systems.exact import ExactSystem
    from trainer.steps import finished_steps

    place = folder if (folder / MANIFEST).is_file() else finished_steps(folder).bundle
    return ExactSystem(load_encoder(open_bundle(place)), str(folder))


def _server(
    address: str, generation: str | None, beside: Sequence[str], settings: "Settings", open_things: ExitStack
) -> "System":
    from multigrain.errors import Unavailable
    from trainer.evaluation.systems.served import ServedSystem

    client = open_things.enter_context(open_client(address, settings))
    asked = generation or client.status().generation_id
    if asked is None:
        raise Unavailable(f"{address} serves no generation: promote one, or name one: {address}/GENERATION")
    # Without a name the server answers with its live one, and needs no leave to choose.
    return ServedSystem(client, asked, named=generation is not None, beside=beside)


def _generation(name: str, settings: "Settings", open_things: ExitStack) -> "System":
    from commands.opened import open_generation
    from commands.stores import open_engine, open_index_store
    from multigrain.catalog.catalog import SqlCatalogue
    from multigrain.registry.sql import SqlRegistry
    from multigrain.types import GenerationId
    from trainer.evaluation.systems.indexed import IndexedSystem

    engine = open_engine(settings)
    open_things.callback(engine.dispose)
    generation = SqlRegistry(engine).get(GenerationId(name))
    indexes = open_index_store(settings)
    open_things.callback(indexes.close)
    opened = open_generation(generation, indexes)
    return IndexedSystem(name, opened.encoder, opened.index, SqlCatalogue(engine))
