"""What a run says for machines: one JSON object a line. A resumed run goes on in the same file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "train.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One report of the loop."""

    step: int
    """Steps done."""
    loss: float
    """Mean since the line before."""
    recall: float | None
    """Recall@100 on the held-out examples. None: not measured at this step."""
    per_second: float
    """Examples a second since the run began or went on."""
    rate: float
    """The learning rate of the last step."""
    stall: float
    """Share of the time since the line before in which the loop waited for batches."""


class Journal:
    """Lines of one run."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rewind(self, step: int) -> None:
        """Forgets what comes after `step`: a run that goes on from there will say it again."""
        kept = [line for line in _whole_lines(self._path) if json.loads(line)["step"] <= step] if step else []
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def add(self, line: Line) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(line)) + "\n")


def read_journal(path: Path) -> list[Line]:
    """What a run has said so far."""
    return [Line(**json.loads(line)) for line in _whole_lines(path)]


def _whole_lines(path: Path) -> list[str]:
    """The last line of a killed run may be cut off: it is left out."""
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else []
