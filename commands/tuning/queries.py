"""The queries that an index is tuned on: those that its bundle was checked with, and those that users asked lately."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from multigrain.bundle import Bundle
from multigrain.catalog.tables import user_events
from multigrain.database import reading
from multigrain.encoder import Encoder
from multigrain.features.windows import Windows
from multigrain.types import Float32s

READ_FOR_ONE = 20
"""Recent rows looked at for each query that is wanted: the same words are asked again and again."""
SEED = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries as vectors, and where they came from."""

    vectors: Float32s
    """[B, dims]"""
    golden: int
    """From the bundle, with the histories they have there."""
    recent: int
    """From the users' events, without a history."""


def sampled(engine: sa.Engine, bundle: Bundle, encoder: Encoder, count: int) -> Asked:
    """At most `count`: the golden queries, and the rest by chance from the recent ones. Equal inputs, equal queries."""
    golden = list(bundle.golden().queries)[:count]
    texts = recent_texts(engine, READ_FOR_ONE * count)
    rows = np.random.default_rng(SEED).permutation(len(texts))[: count - len(golden)]
    recent = [(texts[row], Windows()) for row in sorted(rows)]
    return Asked(encoder.encode_queries([*golden, *recent]), len(golden), len(recent))


def recent_texts(engine: sa.Engine, rows: int) -> Sequence[str]:
    """Each text among the last `rows` queries once, the newest first."""
    newest = sa.select(user_events.c.query).where(user_events.c.query.is_not(None))
    ordered = newest.order_by(user_events.c.at_ms.desc(), user_events.c.event_id).limit(rows)
    with reading(engine) as connection:
        return list(dict.fromkeys(connection.execute(ordered).scalars()))
