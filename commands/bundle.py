"""`multigrain bundle`: what a bundle is, and whether it is whole."""

import argparse
from pathlib import Path

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("inspect", "verify"), help="verify also computes the golden examples again")
    parser.add_argument("bundle", type=Path, help="bundle folder")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.bundle import open_bundle

    bundle = open_bundle(args.bundle)
    manifest = bundle.manifest.model_dump(exclude={"files"})
    if args.action == "verify":
        from multigrain.encoder import load_encoder

        load_encoder(bundle, verify_golden=True)
        output.say(
            f"{bundle.bundle_id}: {len(bundle.manifest.files)} files as they were written, golden examples agree"
        )
    else:
        output.table(bundle.bundle_id, ("what", "value"), list(manifest.items()))
    output.result({**manifest, "files": len(bundle.manifest.files), "verified": args.action == "verify"})
    return 0


COMMAND = Command(
    name="bundle",
    summary="inspect or verify a model bundle",
    description="Checks every byte of a bundle against its manifest; `verify` also runs the towers and compares the "
    "golden examples, text to vector. Refuses with the file's name.",
    add_arguments=_add_arguments,
    run=_run,
)
