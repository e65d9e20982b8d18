"""`multigrain produce`: replays logs as events, into a file or a broker."""

import argparse
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.events import Event
    from multigrain.settings import Settings


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--logs", type=Path, required=True, help="log folder, as synth or your own pipeline writes it")
    parser.add_argument("--to", type=Path, default=None, help="events file to write; without it: the broker set")
    parser.add_argument("--only", choices=("items", "behavior"), default=None, help="one of the two topics")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.errors import InvalidConfig
    from multigrain.settings import current_settings

    settings = current_settings()
    if args.to is None and settings.kafka.bootstrap is None:
        raise InvalidConfig("--to", "no file given and no broker set", cure="give --to FILE, or set kafka.bootstrap")
    with output.progress() as progress, progress.step("producing events") as step:
        events = _counted(_events(args.logs, args.only), lambda done: step.update(done, None, "events"))
        count = _to_file(events, args.to, settings) if args.to is not None else _to_broker(events, settings)
    output.say(f"{count:,} events to {args.to or settings.kafka.bootstrap}")
    output.result({"events": count, "to": str(args.to or settings.kafka.bootstrap)})
    return 0


def _events(folder: Path, only: str | None) -> "Iterator[Event]":
    from commands.log_events import behavior_events, catalogue_events
    from trainer.data.logs import read_logs

    logs = read_logs(folder)
    items = catalogue_events(logs) if only != "behavior" else iter(())
    behavior = behavior_events(logs) if only != "items" else iter(())
    return chain(items, behavior)


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
    from kafka.errors import KafkaError

    from multigrain.errors import LogUnavailable
    from streaming.encode import TopicKind, encode_binary

    topics = {TopicKind.ITEMS: settings.kafka.items_topic, TopicKind.BEHAVIOR: settings.kafka.behavior_topic}
    count = 0
    try:
        producer = KafkaProducer(bootstrap_servers=settings.kafka.bootstrap, linger_ms=20)
        for event in events:
            record = encode_binary(event)
            topic = topics[record.topic_kind]
            producer.send(topic, key=record.key, value=record.value, headers=list(record.headers))
            count += 1
        # Nothing is counted as produced before the broker has it.
        producer.flush()
        producer.close()
    except KafkaError as error:
        problem = f"{settings.kafka.bootstrap}: {type(error).__name__}: {error}"
        raise LogUnavailable(f"{problem}: start the broker, create the topics, or give --to FILE") from None
    return count


def _counted(events: "Iterator[Event]", tell: Callable[[int], None]) -> "Iterator[Event]":
    for count, event in enumerate(events, 1):
        if count % 500 == 0:
            tell(count)
        yield event


COMMAND = Command(
    name="produce",
    summary="replay logs as events, into a file or the broker",
    description="Turns a log folder into the events it is the record of, in order of time: catalogue first, then what "
    "users did. The file can be read by `multigrain stream --file`; a broker is the one that the settings name.",
    add_arguments=_add_arguments,
    run=_run,
)
