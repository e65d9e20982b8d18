"""Simulated days that end just before today, so that a simulated history is recent for a real clock."""

import time

from multigrain.features.windows import DAY_MS


def recent_first_day_ms(days: int) -> int:
    """The midnight (UTC) at which `days` days begin that end with yesterday."""
    today = time.time_ns() // 1_000_000 // DAY_MS * DAY_MS
    return today - days * DAY_MS
