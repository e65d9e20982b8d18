"""What the stream does every `reconcile.every_minutes`: each index that it feeds, held against the catalogue."""

import logging
from collections.abc import Callable

import numpy as np
import sqlalchemy as sa

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.errors import Unavailable
from multigrain.registry.sql import SqlRegistry
from multigrain.settings import ReconcileSettings
from multigrain.telemetry import LOG_FIELDS, RECONCILE_DIFFERENCES, RECONCILE_LOOKS
from streaming.reconcile.reconcile import NoLongerFed, Plan, reconcile
from streaming.reconcile.report import Reconciled
from streaming.reconcile.treat import leave, repair
from streaming.targets import Targets

log = logging.getLogger(__name__)


def reconcile_chore(
    engine: sa.Engine, targets: Targets, settings: ReconcileSettings, rng: np.random.Generator
) -> Callable[[], None]:
    """Looks at every fed generation once. It takes as long as reading both stores, minutes for millions of items, so
    give it a thread of its own; the stream may run beside it. A store that is down ends the look, and is only logged.
    """
    catalogue, registry = SqlCatalogue(engine), SqlRegistry(engine)
    plan = Plan(treat=repair if settings.repair else leave, sample=settings.sample, rng=rng)

    def look_at_all() -> None:
        try:
            for target in targets():
                try:
                    show(reconcile(target, catalogue, registry, plan))
                except NoLongerFed as error:
                    log.info(str(error))
        except Unavailable as error:
            RECONCILE_LOOKS.labels("failed").inc()
            log.warning("not reconciled", extra={LOG_FIELDS: {"why": str(error)}})

    return look_at_all


def show(reconciled: Reconciled) -> None:
    """One line and the metrics."""
    RECONCILE_LOOKS.labels(_outcome(reconciled)).inc()
    for tally in reconciled.tallies:
        RECONCILE_DIFFERENCES.labels(tally.kind.value, "left").inc(tally.left)
        RECONCILE_DIFFERENCES.labels(tally.kind.value, "repaired").inc(max(0, tally.found - tally.left))
    log.log(
        logging.WARNING if reconciled.found else logging.INFO,
        "index held against the catalogue",
        extra={
            LOG_FIELDS: {
                "generation": reconciled.generation_id,
                "items": reconciled.items,
                "sampled": reconciled.sampled,
                "found": reconciled.found,
                "left": reconciled.left,
                **{f"{tally.kind.value}".replace(" ", "_"): tally.found for tally in reconciled.tallies},
            }
        },
    )


def _outcome(reconciled: Reconciled) -> str:
    if reconciled.left:
        return "differs"
    return "repaired" if reconciled.found else "clean"
