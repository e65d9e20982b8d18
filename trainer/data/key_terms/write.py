"""Logs -> the dictionary as a finished step leaves it: the terms, and how many there are of what."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from multigrain import key_terms
from multigrain.key_terms import KeyTerm
from trainer.configs.config import RobotsConfig
from trainer.data.key_terms.build import build_key_terms
from trainer.data.key_terms.clicked import read_clicked
from trainer.data.logs import Logs, items_of

COUNTS = "counts.json"
SCRATCH = ".scratch"


def write_key_terms(logs: Logs, folder: Path, robots: RobotsConfig, *, before_ms: int) -> None:
    """Fills `folder`. Of searches and events nothing at or after `before_ms` is read."""
    items = list(items_of(logs))
    clicked = read_clicked(logs, folder / SCRATCH, items, robots, before_ms=before_ms) if len(logs.searches) else None
    terms = build_key_terms(items, clicked)
    key_terms.save(terms, folder)
    (folder / COUNTS).write_text(json.dumps(counts_of(terms), indent=1) + "\n", encoding="utf-8")


def counts_of(terms: Sequence[KeyTerm]) -> dict[str, dict[str, int]]:
    """By kind, then by source."""
    counts: dict[str, dict[str, int]] = {}
    for (kind, source), count in sorted(Counter((term.kind, term.source) for term in terms).items()):
        counts.setdefault(kind.value, {})[source.value] = count
    return counts
