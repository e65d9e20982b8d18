"""The shape of an importer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trainer.data.logs import Logs

LOCALES = ("us", "es", "jp")
AS_JUDGMENTS, AS_SEARCHES = JUDGED_AS = ("judgments", "searches")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a set lies, and what of it is wanted."""

    folder: Path
    distractors: Path | None = None
    """A folder with further items that nobody clicked. None: none are added."""
    locale: str = LOCALES[0]
    """Which of the LOCALES, for a set that has several."""
    judged_as: str = AS_JUDGMENTS
    """Which of JUDGED_AS, for a set of judged queries: judgments alone, or searches and clicks made of them, too."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Rows that a reader of the logs should know of: `1 clicks on items without product data`."""

    what: str
    rows: int


@dataclass(frozen=True, slots=True)
class Imported:
    """The logs of a set."""

    logs: Logs
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """One public set. The same files always give the same logs."""

    name: str
    summary: str
    """One line: what the set is."""
    reads: tuple[str, ...]
    """The files that its folder holds."""
    options: frozenset[str] = frozenset()
    """The fields of Source, beside the folder, that it heeds."""
    run: Callable[[Source], Imported]
    """Raises InvalidLog with file, row and column when the folder holds something else."""
