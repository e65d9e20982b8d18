"""The gate before publishing: a model that finds less than the floor goes no further."""

from multigrain.errors import GateRefused
from trainer.evaluation.evaluate import Report

MEASURE = "recall@100"


def check_gate(report: Report, *, floor: float) -> None:
    """Raises GateRefused with the figures when the bundle's recall on held-out clicks is below `floor`."""
    measured = report.scores[MEASURE]
    if measured < floor:
        raise GateRefused(
            f"bundle {report.bundle_id} has {MEASURE} {measured:.4f} over {report.queries:,} test searches, "
            f"{floor:.4f} is the floor: train it better, or lower generation.gate_min_recall"
        )
