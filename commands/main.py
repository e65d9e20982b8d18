"""The command line. COMMANDS is the one list of what there is; each command imports what it needs when it runs."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from commands import (
    ablate,
    archive,
    bench,
    bundle,
    canary,
    check_logs,
    compare,
    config,
    db,
    dead_letters,
    demo,
    describe,
    doctor,
    embed,
    evaluate,
    examples,
    explain,
    generations,
    import_,
    index,
    pretrain,
    probe,
    produce,
    publish,
    query,
    reconcile,
    serve,
    slow,
    stream,
    synth,
    teacher,
    token,
    train,
    understand,
)
from commands.command import Command
from commands.output import Output
from multigrain import __version__
from multigrain.errors import MultigrainError, Theirs

COMMANDS: tuple[Command, ...] = (
    demo.COMMAND,
    synth.COMMAND,
    describe.COMMAND,
    import_.COMMAND,
    check_logs.COMMAND,
    examples.COMMAND,
    pretrain.COMMAND,
    train.COMMAND,
    evaluate.COMMAND,
    compare.COMMAND,
    teacher.COMMAND,
    ablate.COMMAND,
    bundle.COMMAND,
    embed.COMMAND,
    publish.COMMAND,
    generations.COMMAND,
    canary.COMMAND,
    index.COMMAND,
    serve.COMMAND,
    stream.COMMAND,
    archive.COMMAND,
    reconcile.COMMAND,
    produce.COMMAND,
    dead_letters.COMMAND,
    probe.COMMAND,
    query.COMMAND,
    explain.COMMAND,
    understand.COMMAND,
    slow.COMMAND,
    doctor.COMMAND,
    bench.COMMAND,
    db.COMMAND,
    config.COMMAND,
    token.COMMAND,
)

EXIT_THEIRS = 2
EXIT_OURS = 1
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Exit code 0 only when it did its work; 2: the input was wrong; 1: a part of ours was."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.config is not None:
        os.environ["MULTIGRAIN_CONFIG"] = str(args.config)
    # TensorFlow tells of its own build when it is loaded, at level warning; its errors are still heard.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    output = Output(as_json=args.json)
    try:
        code: int = args.run(args, output)
    except Theirs as error:
        output.error(error)
        return EXIT_THEIRS
    except MultigrainError as error:
        output.error(error)
        return EXIT_OURS
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`); what we flush at exit would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OURS
    return code


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, without importing what the commands need to run."""
    parser = argparse.ArgumentParser(
        prog="multigrain", description="Embedding-based product retrieval for e-commerce search."
    )
    parser.add_argument("--version", action="version", version=f"multigrain {__version__}")
    _add_common(parser, default_config=None, default_json=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.summary, description=command.description)
        # The common options may stand before or behind the command; SUPPRESS keeps the later parse from resetting them.
        _add_common(sub, default_config=argparse.SUPPRESS, default_json=argparse.SUPPRESS)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return parser


def _add_common(parser: argparse.ArgumentParser, *, default_config: str | None, default_json: bool | str) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=default_config, help="settings file (default: multigrain.toml)"
    )
    parser.add_argument(
        "--json", action="store_true", default=default_json, help="one JSON object on standard output, nothing else"
    )


if __name__ == "__main__":
    sys.exit(main())
