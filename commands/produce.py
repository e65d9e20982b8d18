"""`multigrain produce`: replays logs as events, into a file or a broker."""

import argparse
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from commands.pace import Due
    from commands.progress import Step
    from multigrain.events import Event
    from multigrain.settings import Settings
    from trainer.data.logs import Logs

TOLD_EVERY_SECONDS = 0.5
EXIT_INTERRUPTED = 130


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--logs", type=Path, required=True, help="log folder, as synth or your own pipeline writes it")
    parser.add_argument("--to", type=Path, default=None, help="events file to write; without it: the broker set")
    parser.add_argument("--only", choices=("items", "behavior"), default=None, help="one of the two topics")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--rate", type=float, default=None, metavar="R", help="R events a second (default: at once)")
    pace.add_argument(
        "--speed", type=float, default=None, metavar="X", help="as users went, X times faster; the catalogue at once"
    )


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.pace import paced
    from multigrain.errors import InvalidConfig
    from multigrain.settings_in_force import current_settings
    from trainer.data.logs import read_logs

    settings, due = current_settings(), _due(args)
    if args.to is None and settings.kafka.bootstrap is None:
        raise InvalidConfig("--to", "no file given and no broker set", cure="give --to FILE, or set kafka.bootstrap")
    logs = read_logs(args.logs)
    with _stop_on_interrupt() as stop, output.progress() as progress, progress.step("producing events") as step:
        events = paced(_events(logs, args.only), due, clock=time.monotonic, sleep=stop.wait, stopped=stop.is_set)
        told = _told(events, step, _count(logs, args.only))
        count = _to_file(told, args.to, settings) if args.to is not None else _to_broker(told, settings)
    place = args.to or settings.kafka.bootstrap
    output.say(f"{'interrupted: ' if stop.is_set() else ''}{count:,} events to {place}")
    output.result({"events": count, "to": str(place), "interrupted": stop.is_set()})
    return EXIT_INTERRUPTED if stop.is_set() else 0


def _due(args: argparse.Namespace) -> "Due":
    from commands.pace import at_once, at_rate, at_speed
    from multigrain.errors import InvalidConfig

    for option, value in (("--rate", args.rate), ("--speed", args.speed)):
        if value is not None and not 0 < value < float("inf"):
            raise InvalidConfig(option, f"is {value:g}", cure="give a number above 0")
    if args.rate is not None:
        return at_rate(args.rate)
    return at_speed(args.speed) if args.speed is not None else at_once


@contextmanager
def _stop_on_interrupt() -> Iterator[threading.Event]:
    """Set by Ctrl-C, which then ends nothing by itself: what was begun is flushed and counted."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _events(logs: "Logs", only: str | None) -> "Iterator[Event]":
    from commands.log_events import behavior_events, catalogue_events

    items = catalogue_events(logs) if only != "behavior" else iter(())
    behavior = behavior_events(logs) if only != "items" else iter(())
    return chain(items, behavior)


def _count(logs: "Logs", only: str | None) -> int:
    items = logs.catalog.num_rows if only != "behavior" else 0
    return int(items + (logs.searches.num_rows + logs.events.num_rows if only != "items" else 0))


def _told(events: "Iterator[Event]", step: "Step", total: int) -> "Iterator[Event]":
    """The same events; the step is told how many there were, and how many a second."""
    began = last = time.monotonic()
    count = 0
    for count, event in enumerate(events, 1):
        yield event
        now = time.monotonic()
        if now - last >= TOLD_EVERY_SECONDS:
            step.update(count, total, f"{count / (now - began):,.0f} events/s")
            last = now
    step.update(count, total, f"{count / max(time.monotonic() - began, 1e-9):,.0f} events/s")


def _to_file(events: "Iterator[Event]", path: Path, settings: "Settings") -> int:
    from streaming.encode import TopicKind, encode_line, topic_kind_of

    topics = {TopicKind.ITEMS: settings.kafka.items_topic, TopicKind.BEHAVIOR: settings.kafka.behavior_topic}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft, count = path.with_name(f".{path.name}.unfinished"), 0
    with draft.open("w", encoding="utf-8") as file:
        for event in events:
            file.write(encode_line(event, topics[topic_kind_of(event)]) + "\n")
            count += 1
    draft.replace(path)
    return count


def _to_broker(events: "Iterator[Event]", settings: "Settings") -> int:
    from kafka import KafkaProducer

    from streaming.broker import BOOTSTRAP_SECONDS, kafka_at, open_client
    from streaming.encode import TopicKind, encode_binary

    topics = {TopicKind.ITEMS: settings.kafka.items_topic, TopicKind.BEHAVIOR: settings.kafka.behavior_topic}
    bootstrap, count, failed = settings.kafka.bootstrap or "", 0, list[Exception]()
    producer = open_client(KafkaProducer, bootstrap, bootstrap_seconds=BOOTSTRAP_SECONDS, linger_ms=20)
    with kafka_at(bootstrap, doing="producing events (the topics must exist)"), closing(producer):
        for event in events:
            record = encode_binary(event)
            sent = producer.send(
                topics[record.topic_kind], key=record.key, value=record.value, headers=list(record.headers)
            )
            sent.add_errback(failed.append)
            count += 1
        # Nothing is counted as produced before the broker has it.
        producer.flush()
        if failed:
            raise failed[0]
    return count


COMMAND = Command(
    name="produce",
    summary="replay logs as events, into a file or the broker",
    description="Turns a log folder into the events it is the record of, in order of time: catalogue first, then what "
    "users did; at once, so many a second, or as users went and faster. The file can be read by `multigrain stream "
    "--file`; a broker is the one that the settings name. Ctrl-C ends it with what has gone so far, and says how much.",
    add_arguments=_add_arguments,
    run=_run,
)
