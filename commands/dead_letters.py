"""`multigrain dead-letters`: the records that could not be taken, and why; and sending them once more."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.settings import Settings
    from streaming.dead_letters.kafka_reader import DeadTopics
    from streaming.dead_letters.kept import KeptLetter

SHOWN = 50
REASON_CHARS_SHOWN = 90


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=tuple(ACTIONS), help="what to do")
    parser.add_argument("--topic", default=None, help="only what came from this topic (default: both)")
    parser.add_argument("--limit", type=int, default=SHOWN, help=f"list: the newest so many (default: {SHOWN})")
    parser.add_argument("--file", type=Path, default=None, help="list: this file, as `stream --file` writes it")
    parser.add_argument("--field", default=None, help="replay: only those with this field wrong")
    parser.add_argument("--dry-run", action="store_true", help="replay: say what would be sent, and send nothing")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.errors import InvalidConfig
    from multigrain.settings_in_force import current_settings

    if args.limit < 1:
        raise InvalidConfig("--limit", f"is {args.limit}", cure="give at least 1")
    ACTIONS[args.action](args, output, current_settings())
    return 0


def _list(args: argparse.Namespace, output: Output, settings: "Settings") -> None:
    from streaming.dead_letters.kept import letters_of_file

    if args.file is not None:
        letters = list(letters_of_file(args.file))[-args.limit :]
    else:
        with _dead_topics(args, settings) as topics:
            letters = topics.newest(args.limit)
    columns = ("when", "where", "field", "reason")
    output.table("dead letters, the newest last", columns, [_row(letter) for letter in letters])
    output.result({"letters": [_document(letter) for letter in letters]})


def _replay(args: argparse.Namespace, output: Output, settings: "Settings") -> None:
    from streaming.dead_letters.replay import KafkaMarks, Replayed, due, send_again

    with _dead_topics(args, settings) as topics:
        bootstrap = _bootstrap(settings)
        marks = KafkaMarks(bootstrap, settings.kafka.group)
        try:
            letters = due(topics.since(marks.past(None)), marks, args.field)
            if args.dry_run:
                found = list(letters)
                refused = [letter for letter in found if letter.obstacle]
                outcome = Replayed(sent=len(found) - len(refused), refused=refused)
            else:
                outcome = send_again(bootstrap, letters, marks, args.field)
        finally:
            marks.close()
    _show_replay(output, outcome.sent, outcome.refused, "would be" if args.dry_run else "were")


def _show_replay(output: Output, sent: int, refused: Sequence["KeptLetter"], verb: str) -> None:
    if refused:
        rows = [(*_row(letter)[:3], letter.obstacle) for letter in refused]
        output.table("not to be sent", ("when", "where", "field", "because"), rows)
    output.say(f"{sent:,} records {verb} sent again, {len(refused):,} cannot be")
    told = [{**_document(letter), "because": letter.obstacle} for letter in refused]
    output.result({"sent": sent, "refused": told, "dry_run": verb == "would be"})


ACTIONS: dict[str, Callable[[argparse.Namespace, Output, "Settings"], None]] = {"list": _list, "replay": _replay}


@contextmanager
def _dead_topics(args: argparse.Namespace, settings: "Settings") -> "Iterator[DeadTopics]":
    from multigrain.errors import InvalidConfig
    from streaming.dead_letter import DEAD_SUFFIX
    from streaming.dead_letters.kafka_reader import DeadTopics

    known = (settings.kafka.items_topic, settings.kafka.behavior_topic)
    if args.topic is not None and args.topic not in known:
        raise InvalidConfig("--topic", f"is {args.topic!r}", cure=f"give one of {', '.join(known)}")
    wanted = [args.topic] if args.topic is not None else list(known)
    topics = DeadTopics(_bootstrap(settings), [name + DEAD_SUFFIX for name in wanted])
    try:
        yield topics
    finally:
        topics.close()


def _bootstrap(settings: "Settings") -> str:
    from multigrain.errors import InvalidConfig

    if settings.kafka.bootstrap is None:
        raise InvalidConfig("kafka.bootstrap", "is not set", cure="set it to host:port, or list with --file FILE")
    return settings.kafka.bootstrap


def _row(letter: "KeptLetter") -> tuple[str, str, str, str]:
    return (_when(letter), _where(letter), letter.field, letter.reason[:REASON_CHARS_SHOWN])


def _document(letter: "KeptLetter") -> dict[str, object]:
    return {
        "when": _when(letter),
        "topic": letter.stood.topic,
        "partition": letter.stood.number,
        "position": letter.stood_at,
        "field": letter.field,
        "reason": letter.reason,
        "bytes": letter.whole_bytes or len(letter.value or b""),
    }


def _when(letter: "KeptLetter") -> str:
    if letter.kept_ms is None:
        return ""
    return datetime.fromtimestamp(letter.kept_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _where(letter: "KeptLetter") -> str:
    return f"{letter.stood.topic}[{letter.stood.number}]@{letter.stood_at}"


COMMAND = Command(
    name="dead-letters",
    summary="list the records that could not be taken, and send them again",
    description="list: the newest dead letters of the broker, or of a file, each with when, where, which field and "
    "why. replay: sends the records, as they came, once more to the topics that they came from; for when the sender or "
    "this program has been mended. A second replay does not send again what the first has sent.",
    add_arguments=_add_arguments,
    run=_run,
)
