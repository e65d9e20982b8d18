"""`multigrain stream`: events -> catalogue, feature store and every open generation's index."""

import argparse
import signal
import threading
from pathlib import Path

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--file", type=Path, default=None, help="an events file instead of the broker; ends at its end")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.garbage import spare_what_stays
    from multigrain.settings_in_force import current_settings
    from multigrain.telemetry import start_telemetry
    from streaming.app import build_stream

    settings = current_settings()
    start_telemetry(settings.telemetry)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    streaming = build_stream(settings, file=args.file, wait=stop.wait)
    spare_what_stays()
    try:
        if args.file is None:
            streaming.chores.start()
            done = streaming.consumer.run_forever(stop)
        else:
            with output.progress() as progress, progress.step(f"streaming {args.file}") as step:
                done = streaming.consumer.run(stop=stop)
                step.update(done.events, done.events)
    finally:
        streaming.close()
    output.say(f"{done.events:,} events taken in {done.batches:,} batches, {done.dead_letters:,} dead letters")
    if done.dead_letters and args.file is not None:
        output.say(f"the dead letters, each with its reason: {args.file}.dead")
    output.result({"events": done.events, "batches": done.batches, "dead_letters": done.dead_letters})
    return 0


COMMAND = Command(
    name="stream",
    summary="take events from the broker or a file into the stores",
    description="Consumes catalogue and behaviour events: SQL catalogue and user states, and the index of every open "
    "generation. Effects and positions are one transaction, so a restart neither loses nor repeats anything. Bad "
    "records go to the dead letters with a reason; a store that is down is waited for.",
    add_arguments=_add_arguments,
    run=_run,
)
