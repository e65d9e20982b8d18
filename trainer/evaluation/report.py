"""What an evaluation found: every metric, at every stage, for every slice of the searches. Data only.

A stage is a place on the way from the towers to the user: exact search, the index, a channel, the fused list, the
answer. Side by side they show where what users want is lost.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from trainer.evaluation.bootstrap import Difference

REPORT = "report.json"
ALL = "all"
"""The slice that every search is in."""
TINY = 50
"""A mean over fewer searches says little: it is shown, and marked."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cell(_Part):
    """The mean of one metric over the searches of one slice."""

    mean: float
    low: float
    high: float
    """95 % interval over the searches."""
    queries: int
    """Those of the slice that the metric says something about."""

    @property
    def tiny(self) -> bool:
        return self.queries < TINY


class StageReport(_Part):
    """What was found at one stage."""

    name: str
    """`exact`, `index`, `vector channel`, `lexical channel`, `fused`, `answer`; or a yardstick: `popularity`."""
    says: str
    """In a line, for people: 'the bundle's vectors, exact search over every item'."""
    cells: Mapping[str, Mapping[str, Cell]]
    """Metric (`recall@100`) -> slice (`all`, `frequency: tail`) -> mean. What was not measured is not there."""
    coverage: Mapping[str, float] = {}
    """`coverage@100`: the share of the catalogue that some search was shown. Of all searches together."""

    def score(self, metric: str, part: str = ALL) -> float | None:
        """The mean; None: not measured."""
        cell = self.cells.get(metric, {}).get(part)
        return None if cell is None else cell.mean


class ShownItem(_Part):
    """One item of an answer, or one that was wanted."""

    item_id: str
    title: str
    brand: str
    wanted: bool
    note: str
    """What a reader should know of it: 'rank 1,204', 'dropped by relevance control: brand'. Empty: nothing."""


class WorstQuery(_Part):
    """A search that was answered badly."""

    query: str
    slices: tuple[str, ...]
    """Of which it is one: `frequency: tail`."""
    metric: str
    """What `score` is of."""
    score: float
    wanted: tuple[ShownItem, ...]
    returned: tuple[ShownItem, ...]
    """The first few, best first."""
    why: str
    """In a sentence, from what was measured."""


class Look(_Part):
    """How training stood at one step."""

    step: int
    loss: float
    recall: float | None = None
    """Recall@100 on examples held out of training. None: not measured at this step."""


class Refusal(_Part):
    """One rule of the gate that was not met."""

    metric: str
    slice: str
    sentence: str
    """With both numbers, the interval and the rule."""


class Verdict(_Part):
    """What the gate said."""

    passed: bool
    against: str | None
    """The generation that was live and that it was compared with. None: none was."""
    rules: int
    """How many were judged."""
    refusals: tuple[Refusal, ...] = ()


class Report(_Part):
    """One evaluation."""

    subject: str
    """What was evaluated, as the user named it."""
    bundle_id: str
    trial_id: str
    """A digest of the searches and the catalogue: reports with equal ones can be compared."""
    queries: int
    """Test searches whose clicked items are in the catalogue."""
    items: int
    judge: str | None = None
    """Who said which items are good: `truth`, a teacher's id. None: nobody."""
    deciding: str
    """The stage whose scores count: the last one that users see."""
    scores: Mapping[str, float]
    """The deciding stage over all searches, by metric; yardsticks with their name before it: popularity_recall@100."""
    gains: Mapping[str, Difference] = {}
    """What the history adds to recall@100, and what each window adds over the searches that only it could help."""
    slices: Mapping[str, int] = {}
    """How many searches the figures of each window, and of new items, are over."""
    stages: tuple[StageReport, ...] = ()
    worst: tuple[WorstQuery, ...] = ()
    training: tuple[Look, ...] = ()
    verdict: Verdict | None = None
    """None: no gate was asked."""

    def stage(self, name: str) -> StageReport:
        """By name; raises KeyError."""
        return {stage.name: stage for stage in self.stages}[name]


class ChangedQuery(_Part):
    """A search that two systems answer differently."""

    query: str
    slices: tuple[str, ...]
    metric: str
    """What `before` and `after` are of."""
    before: float
    after: float
    overlap: float
    """Share of the first answers that both give."""
    came: tuple[ShownItem, ...]
    """In the first answers of B and not of A."""
    went: tuple[ShownItem, ...]


class Comparison(_Part):
    """B less A, on the same searches."""

    a: Report
    b: Report
    differences: Mapping[str, Mapping[str, Difference]]
    """Metric -> slice -> B less A at the deciding stages, with an interval; paired by search."""
    changed: tuple[ChangedQuery, ...]
    """Those that changed most."""


FORMAT = json.dumps(Report.model_json_schema(), sort_keys=True)
"""Reports that were written in another format are made again."""


def save_report(report: Report, folder: Path) -> None:
    (folder / REPORT).write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")


def load_report(folder: Path) -> Report:
    return Report.model_validate_json((folder / REPORT).read_bytes())
