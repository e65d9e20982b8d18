"""How widely an index is searched: as it was planned, or more widely where that finds too little.

A plan is made from numbers of items and dims. How the vectors lie is seen only once they are there; what then finds too
little can be searched more widely, without building it again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from multigrain.index.specs import IndexSpec, to_dict
from multigrain.index.tuning import wider
from multigrain.telemetry import LOG_FIELDS
from trainer.publish.canary import FoundTooLittle

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Searched:
    """A setting that finds enough."""

    spec: IndexSpec
    recall: float


def widened_until_enough(spec: IndexSpec, k: int, recall_with: Callable[[IndexSpec], float]) -> Searched:
    """The first of `spec` and its doublings with which `recall_with` does not raise FoundTooLittle. The last one's is
    raised when none does.
    """
    while True:
        try:
            return Searched(spec, recall_with(spec))
        except FoundTooLittle as error:
            next_spec = wider(spec, k)
            if next_spec is None:
                raise
            fields = {"was": to_dict(spec), "now": to_dict(next_spec), "why": str(error)}
            log.warning("the index is searched more widely than planned", extra={LOG_FIELDS: fields})
            spec = next_spec
