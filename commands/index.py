"""`multigrain index`: which index kind a catalogue should get, and the cheapest way to search the one it has."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from multigrain.index.planner import Plan
    from multigrain.settings import Settings

PLANNED_K = 10_000
"""The most that a request may ask for."""
TUNED_K, TUNED_RECALL, TUNED_QUERIES = 1_000, 0.98, 200
GB = 10**9


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("plan", "tune"), help="plan an index, or tune the one of a generation")
    parser.add_argument("--k", type=int, help=f"how deep answers are (default: plan {PLANNED_K:,}, tune {TUNED_K:,})")
    parser.add_argument("--recall", type=float, help=f"what must be found (default: plan 0.95, tune {TUNED_RECALL})")
    plan = parser.add_argument_group("plan")
    plan.add_argument("--items", type=int, help="vectors (default: items of the catalogue)")
    plan.add_argument("--dims", type=int, help="of a vector (default: those of the live generation)")
    plan.add_argument("--kind", default="AUTO", help="this kind and no other (default: AUTO, the planner chooses)")
    plan.add_argument("--milvus", choices=("lite", "server"), help="what it is for (default: what the settings name)")
    plan.add_argument("--cores", type=int, default=2, help="of the index server (default: 2)")
    plan.add_argument("--memory-gb", type=float, help="of the index server (default: enough)")
    plan.add_argument("--gpu-memory-gb", type=float, default=0.0, help="of its GPU (default: it has none)")
    plan.add_argument("--scan-memory-gb", type=float, help="what a serving process may hold of vectors (default: none)")
    tune = parser.add_argument_group("tune")
    tune.add_argument("--generation", metavar="ID", help="whose index (default: the live one)")
    tune.add_argument(
        "--queries", type=int, default=TUNED_QUERIES, help=f"at most so many are asked (default: {TUNED_QUERIES})"
    )
    tune.add_argument("--out", type=Path, metavar="DIR", help="where the curve goes (default: tuning/ID with the data)")


def _run(args: argparse.Namespace, output: Output) -> int:
    return {"plan": _plan, "tune": _tune}[args.action](args, output)


def _plan(args: argparse.Namespace, output: Output) -> int:
    from multigrain.index.planner import plan
    from multigrain.index.suitability import Machine
    from multigrain.settings_in_force import current_settings

    settings = current_settings()
    items, dims = _size(args, settings)
    lite = args.milvus == "lite" if args.milvus else "://" not in settings.milvus_uri
    machine = Machine(
        cores=args.cores,
        memory_bytes=None if args.memory_gb is None else round(args.memory_gb * GB),
        gpu_bytes=round(args.gpu_memory_gb * GB),
        scan_bytes=None if args.scan_memory_gb is None else round(args.scan_memory_gb * GB),
    )
    k = PLANNED_K if args.k is None else args.k
    chosen = plan(items, dims, k, lite=lite, kind=args.kind, recall=args.recall, machine=machine)
    _show(chosen, f"{items:,} x {dims}, k = {k:,}, {'Milvus Lite' if lite else 'a Milvus server'}", output)
    return 0


def _size(args: argparse.Namespace, settings: "Settings") -> tuple[int, int]:
    """Items and dims: as given, or those that are there."""
    from multigrain.errors import InvalidConfig

    if args.items is not None and args.dims is not None:
        return args.items, args.dims
    items, dims = _size_of_the_shop(settings)
    if args.items is None and items is None:
        raise InvalidConfig("--items", "not given, and there is no catalogue", cure="give --items and --dims")
    if args.dims is None and dims is None:
        raise InvalidConfig("--dims", "not given, and no generation is live", cure="give --dims, such as 64")
    return (items if args.items is None else args.items) or 0, (dims if args.dims is None else args.dims) or 0


def _size_of_the_shop(settings: "Settings") -> "tuple[int | None, int | None]":
    """Items of the catalogue and dims of the live generation; None: there is none."""
    from commands.stores import open_engine
    from multigrain.catalog.catalog import SqlCatalogue
    from multigrain.registry.sql import SqlRegistry

    engine: Engine = open_engine(settings)
    try:
        live = SqlRegistry(engine).live()
        return SqlCatalogue(engine).count() or None, None if live is None else live.dims
    finally:
        engine.dispose()


def _show(chosen: "Plan", title: str, output: Output) -> None:
    from multigrain.index.specs import to_dict

    rows = [(chosen.spec.kind, f"{chosen.expected_recall:.3f}", f"{chosen.search_ms:.1f}", *_memory(chosen), "chosen")]
    for other in chosen.alternatives:
        found = other.estimate
        if found is None:
            rows.append((other.kind, "", "", "", "", "", other.problem))
        else:
            memory = (_gb(found.server_bytes), _gb(found.gpu_bytes), _gb(found.process_bytes))
            rows.append((other.kind, f"{found.recall:.3f}", f"{found.search_ms:.1f}", *memory, ""))
    columns = ("kind", "recall>", "ms>", "server GB>", "GPU GB>", "process GB>", "")
    output.table(title, columns, rows, caption="estimates: `multigrain index tune` and the canary measure")
    output.say(f"{chosen.spec.kind}: {chosen.reason}")
    output.say(f"parameters: {', '.join(f'{name} {value}' for name, value in to_dict(chosen.spec).items())}")
    output.result(
        {
            "spec": to_dict(chosen.spec),
            "expected_recall": chosen.expected_recall,
            "search_ms": chosen.search_ms,
            "memory_bytes": chosen.memory_bytes,
            "gpu_bytes": chosen.gpu_bytes,
            "process_bytes": chosen.process_bytes,
            "reason": chosen.reason,
            "alternatives": [
                {"kind": other.kind, "search_ms": other.estimate.search_ms, "recall": other.estimate.recall}
                if other.estimate
                else {"kind": other.kind, "problem": other.problem}
                for other in chosen.alternatives
            ],
        }
    )


def _memory(chosen: "Plan") -> tuple[str, str, str]:
    return _gb(chosen.memory_bytes), _gb(chosen.gpu_bytes), _gb(chosen.process_bytes)


def _gb(count: int) -> str:
    return f"{count / GB:,.2f}" if count else ""


def _tune(args: argparse.Namespace, output: Output) -> int:
    from commands.tuning.run import Wanted, tune_generation
    from multigrain.errors import InvalidConfig
    from multigrain.settings_in_force import current_settings

    wanted = Wanted(
        k=TUNED_K if args.k is None else args.k,
        recall=TUNED_RECALL if args.recall is None else args.recall,
        queries=args.queries,
    )
    if not 0 < wanted.recall <= 1:
        raise InvalidConfig("--recall", f"is {wanted.recall}", cure="give a share above 0 and up to 1, such as 0.98")
    if wanted.queries < 1:
        raise InvalidConfig("--queries", f"is {wanted.queries}", cure="ask 1 or more; 200 for a figure to rely on")
    return tune_generation(current_settings(), args.generation, wanted, args.out, output)


COMMAND = Command(
    name="index",
    summary="plan an index, or tune how one is searched",
    description="plan: the index kind for a catalogue and a machine, with memory, recall and milliseconds as "
    "estimates, what every other kind would cost, or why none can work. tune: asks the index of a generation the "
    "golden queries of its bundle and recent ones of users, holds the answers against exact search, finds the cheapest "
    "search parameters that reach --recall, draws the curve, and keeps the choice with the generation. Where nothing "
    "reaches it, nothing is kept, and the exit code is 1. A live index is asked as a busy user would.",
    add_arguments=_add_arguments,
    run=_run,
)
