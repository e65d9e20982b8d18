"""`multigrain understand`: what a query is understood to demand, and whether the shop's own file is right."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.key_terms import KeyTerm
    from multigrain.settings import Settings
    from server.understanding.owners_rules import OwnersRules
    from server.understanding.reading import Reading, Spoken

EXIT_MISTAKES = 2


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", nargs="?", help="as a user would type it")
    parser.add_argument("--file", type=Path, metavar="QUERIES.txt", help="many queries, one a line")
    dictionary = parser.add_mutually_exclusive_group()
    dictionary.add_argument("--bundle", type=Path, metavar="FOLDER", help="its dictionary (default: the live one)")
    dictionary.add_argument("--dictionary", type=Path, metavar="FILE", help="this key_terms.json alone")
    parser.add_argument(
        "--rules", type=Path, metavar="FILE", help="the shop's own file (default: that of the settings)"
    )
    parser.add_argument("--check", type=Path, metavar="FILE", help="only say whether this own file is right, and stop")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.errors import InvalidConfig
    from multigrain.settings_in_force import current_settings
    from server.understanding.tagger import Tagger

    settings = current_settings()
    if args.check is not None:
        return _check(args.check, settings, output)
    queries = [*([args.query] if args.query else ()), *(_queries_of(args.file) if args.file else ())]
    if not queries:
        raise InvalidConfig("query", "nothing to understand", cure='name one: multigrain understand "red dress"')
    terms, source = _dictionary(args, settings)
    tagger, rules = Tagger(terms), _rules(args.rules or settings.server.relevance_file)
    readings = [(query, tagger.read(query, rules)) for query in queries]
    if args.file is None:
        for query, reading in readings:
            _show(output, query, reading)
    else:
        _show_many(output, readings)
    own = f", {rules.count} phrases of the shop's own file" if rules.count else ""
    output.say(f"{len(terms):,} terms of {source}{own}")
    output.result({"dictionary": source, "terms": len(terms), "queries": [_as_json(*one) for one in readings]})
    return 0


def _queries_of(path: Path) -> Sequence[str]:
    from multigrain.errors import InvalidConfig

    try:
        return [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfig("--file", f"cannot read {path}: {error}", cure="name a text file in UTF-8") from None


def _dictionary(args: argparse.Namespace, settings: "Settings") -> "tuple[Sequence[KeyTerm], str]":
    """The terms, and where they are from."""
    from multigrain import key_terms
    from multigrain.bundle import open_bundle
    from multigrain.errors import InvalidConfig, NothingLive

    if args.dictionary is not None:
        if not args.dictionary.is_file():
            raise InvalidConfig("--dictionary", f"no file {args.dictionary}", cure="name a key_terms.json")
        return key_terms.read(args.dictionary), str(args.dictionary)
    if args.bundle is not None:
        bundle = open_bundle(args.bundle)
        return bundle.key_terms(), bundle.bundle_id
    from commands.stores import open_registry

    live = open_registry(settings).live()
    if live is None:
        raise NothingLive("no generation is live: promote one, or name a dictionary with --bundle or --dictionary")
    return open_bundle(Path(live.bundle_path)).key_terms(), live.generation_id


def _rules(path: Path | None) -> "OwnersRules":
    from server.understanding.owners_file import OwnersFile
    from server.understanding.owners_rules import NO_RULES

    return NO_RULES if path is None else OwnersFile(path).current()


def _check(path: Path, settings: "Settings", output: Output) -> int:
    """Every mistake, then every name that the catalogue does not have; the server refuses a file with mistakes only."""
    from commands.catalogue_names import unknown_names
    from commands.stores import open_engine
    from multigrain.errors import MultigrainError
    from server.understanding.owners_file import look, read

    parsed = look(read(path))
    not_looked, warnings = "", list[tuple[int, str]]()
    try:
        if settings.database.url is None and not (settings.data.dir / "multigrain.db").exists():
            not_looked = "there is none"  # and opening it would leave an empty one
        else:
            warnings = list(unknown_names(parsed.named, open_engine(settings)))
    except MultigrainError as error:
        not_looked = str(error)
    for mistake in parsed.mistakes:
        output.say(f"{path}: {mistake}")
    for line, warning in warnings:
        output.say(f"{path}: line {line}: warning: {warning}")
    if not_looked:
        output.say(f"names were not looked up in a catalogue: {not_looked}")
    count = f"{parsed.rules.count} phrases, {len(parsed.mistakes)} mistakes, {len(warnings)} names that no item has"
    output.say(f"{path}: {count}")
    output.result(
        {
            "file": str(path),
            "phrases": parsed.rules.count,
            "mistakes": [{"line": one.line, "problem": one.problem, "cure": one.cure} for one in parsed.mistakes],
            "warnings": [{"line": line, "problem": warning} for line, warning in warnings],
            "names_looked_up": not not_looked,
        }
    )
    return EXIT_MISTAKES if parsed.mistakes else 0


def _show(output: Output, query: str, reading: "Reading") -> None:
    rows = [
        (
            one.demand.name or one.kind,
            one.demand.value,
            _phrase(one.demand.words),
            f"{one.demand.confidence:.2f}",
            one.demand.source,
            _standing(one),
        )
        for one in reading.spoken
    ]
    if not rows:
        output.say(f"{query}: demands nothing" + (", by the shop's own file" if reading.pinned else ""))
        return
    title = f"{query}: pinned by the shop's own file" if reading.pinned else query
    output.table(title, ("kind", "value", "words", "confidence>", "source", "what becomes of it"), rows)


def _show_many(output: Output, readings: "Sequence[tuple[str, Reading]]") -> None:
    from server.understanding.reading import Standing

    rows = []
    for query, reading in readings:
        demanded = [_in_short(one) for one in reading.spoken if one.standing is Standing.DEMANDED]
        others = [
            f"{_in_short(one)} ({_standing(one)})" for one in reading.spoken if one.standing is not Standing.DEMANDED
        ]
        rows.append((query, "; ".join(demanded), "; ".join(others)))
    output.table(f"{len(rows)} queries", ("query", "demands", "does not demand"), rows)


def _in_short(one: "Spoken") -> str:
    return f"{one.demand.name or one.kind} {one.demand.value}"


def _standing(one: "Spoken") -> str:
    """'guarded by not', 'broader than sports/shoes'."""
    from server.understanding.reading import Standing

    joins = {Standing.GUARDED: " by ", Standing.BROADER: " than ", Standing.SET_ASIDE: " for "}
    return f"{one.standing}{joins.get(one.standing, ' ')}{one.why}" if one.why else one.standing


def _phrase(words: Sequence[str]) -> str:
    """Words of a query as a person writes them: Chinese without spaces."""
    from multigrain.text.scripts import IS_CJK

    return ("" if all(IS_CJK.match(word) for word in words) else " ").join(words)


def _as_json(query: str, reading: "Reading") -> dict[str, Any]:  # Any: a JSON object
    return {
        "query": query,
        "pinned": reading.pinned,
        "spoken": [
            {
                "kind": one.kind,
                "name": one.demand.name,
                "value": one.demand.value,
                "words": one.demand.words,
                "confidence": one.demand.confidence,
                "source": one.demand.source,
                "standing": one.standing,
                "why": one.why,
            }
            for one in reading.spoken
        ],
    }


COMMAND = Command(
    name="understand",
    summary="say what a query is understood to demand, or check the shop's own file",
    description="Shows every brand, category, attribute and word that a query speaks of, with its confidence and its "
    "source, and what becomes of it: demanded, guarded ('not nike', 'case for iphone'), unsure, outweighed. By the "
    "dictionary of the live generation; no server is asked. --check tells every mistake of the shop's own file, each "
    "with its line.",
    add_arguments=_add_arguments,
    run=_run,
)
