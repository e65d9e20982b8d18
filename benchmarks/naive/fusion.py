"""Reciprocal rank fusion in a dictionary."""

from collections.abc import Mapping, Sequence

from benchmarks.naive.channels import Scores

K = 60
WEIGHTS = {"vector": 1.0, "words": 1.0, "neighbours": 0.3}
"""Our server's usual ones: otherwise the two would answer something else."""


def fused(found: Mapping[str, Scores]) -> tuple[Sequence[tuple[int, float]], Mapping[int, list[str]]]:
    """(item_no, score), best first, and which channels found each."""
    total: dict[int, float] = {}
    channels: dict[int, list[str]] = {}
    for name, scores in found.items():
        for rank, item_no in enumerate(scores, start=1):
            total[item_no] = total.get(item_no, 0.0) + WEIGHTS[name] / (K + rank)
            channels.setdefault(item_no, []).append(name)
    return sorted(total.items(), key=lambda scored: (-scored[1], scored[0])), channels
