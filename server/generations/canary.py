"""Tries the live index with sampled queries while it serves, tells who watches, and rolls back where that is wanted."""

import logging
import time
from collections.abc import Callable, Sequence
from random import Random

from multigrain import canary
from multigrain.canary import CanaryReport, CanaryVerdict, Pace
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.errors import MultigrainError, NotFound, WrongState
from multigrain.features.windows import Windows
from multigrain.registry.generation import Generation
from multigrain.registry.registry import Registry
from multigrain.settings import GenerationSettings
from multigrain.telemetry import CANARY_LOOKS, CANARY_RECALL, LOG_FIELDS
from multigrain.types import GenerationId
from server.generations.live import LiveGeneration, LiveGenerations

log = logging.getLogger(__name__)

BESIDE_REQUESTS = Pace(pause_seconds=0.02)
"""A batch takes some milliseconds, so most of the time the cores are the requests'."""

Queries = Callable[[Generation], Sequence[tuple[str, Windows]]]
"""What to ask a generation; other queries at each call. May block, and may raise StoreUnavailable."""


class LiveCanary:
    """One look at a generation when it becomes live here, and one more every so many minutes."""

    def __init__(
        self,
        generations: LiveGenerations,
        registry: Registry,
        catalogue: SqlCatalogue,
        queries: Queries,
        settings: GenerationSettings,
        *,
        every_seconds: float,
        pace: Pace = BESIDE_REQUESTS,
        monotonic: Callable[[], float] = time.monotonic,
        random: Random | None = None,
    ) -> None:
        """`random`: whence the seeds of the looks come. None: from the system, so that many servers look at much."""
        self._generations = generations
        self._registry = registry
        self._catalogue = catalogue
        self._queries = queries
        self._settings = settings
        self._every_seconds = every_seconds
        self._pace = pace
        self._monotonic = monotonic
        self._random = random or Random()
        self._looked_at: GenerationId | None = None
        """None: at none yet."""
        self._next = 0.0

    def refresh(self) -> None:
        """For the watch, which comes by far more often: looks when it is time to. Blocks for seconds then."""
        live = self._generations.current
        if live is None:
            return
        generation_id = live.generation.generation_id
        if generation_id == self._looked_at and self._monotonic() < self._next:
            return
        self._looked_at, self._next = generation_id, self._monotonic() + self._every_seconds
        try:
            self._judge(live)
        except (MultigrainError, OSError) as error:
            # A store is down, or the bundle's folder is gone: nothing is known of the index then.
            CANARY_LOOKS.labels("failed").inc()
            fields = {"generation": generation_id, "error": str(error)}
            log.warning("canary could not look", extra={LOG_FIELDS: fields})

    def _judge(self, live: LiveGeneration) -> None:
        report = self._look(live)
        if report.verdict(self._floor) is CanaryVerdict.REFUSED:
            # Other items and queries, so that what one unlucky sample shows is not acted upon.
            report = self._look(live)
        verdict = report.verdict(self._floor)
        CANARY_LOOKS.labels(verdict.value).inc()
        if report.trials:
            CANARY_RECALL.set(report.recall)
        generation_id = live.generation.generation_id
        fields = {"generation": generation_id, "recall": f"{report.recall:.4f}", "trials": report.trials}
        fields |= {"faults": report.faults, "checked": report.checked}
        if verdict is not CanaryVerdict.REFUSED:
            log.info(f"canary {verdict.value}", extra={LOG_FIELDS: fields})
            return
        log.error(
            f"the live index does not answer as its towers would: {report.describe(self._floor)}: "
            "`multigrain generations rollback` goes back to the generation before",
            extra={LOG_FIELDS: fields},
        )
        if self._settings.rollback_on_canary:
            self._roll_back(generation_id, report)

    def _look(self, live: LiveGeneration) -> CanaryReport:
        return canary.look(
            live.generation,
            live.encoder,
            live.index,
            self._catalogue,
            self._queries(live.generation),
            self._settings,
            seed=self._random.getrandbits(32),
            pace=self._pace,
        )

    @property
    def _floor(self) -> float:
        return self._settings.canary_recall_floor

    def _roll_back(self, generation_id: GenerationId, report: CanaryReport) -> None:
        fields = {"generation": generation_id}
        try:
            before = self._registry.rollback(
                live=generation_id, note=f"the canary of a server refused it: {report.describe(self._floor)}"
            )
        except WrongState:
            log.info("another generation is live already, so nothing is rolled back", extra={LOG_FIELDS: fields})
        except NotFound as error:
            log.error(f"cannot roll back: {error}: promote another generation", extra={LOG_FIELDS: fields})
        else:
            log.error("rolled back", extra={LOG_FIELDS: {"generation": generation_id, "to": before.generation_id}})
