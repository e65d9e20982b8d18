"""People who were asked how well items answer queries: a mean of three raters, each of whom is off by one at times.

What is right they are told from outside (`right`): the market itself keeps no grades.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from multigrain.errors import InvalidConfig
from trainer.data.log_checks import GRADE_MAX
from trainer.data.logs import CATALOG, JUDGMENTS, JUDGMENTS_SCHEMA, SEARCHES
from trainer.data.market.numbers import Rng

RATERS = 3
OFF_BY_ONE = 0.25
"""How often a rater is one grade off, up or down alike; beyond the ends of the scale there is nothing to be off to."""
RANDOM_ITEMS = 0.25
"""Share of the pairs whose item was not shown: what a page never holds must be known to be bad, too."""
PAIRS_OF_A_QUERY = 8
"""About so many are judged of a query: pairs of many queries could not be put in order."""

Right = Callable[[pa.Array, pa.Array], NDArray[np.uint8]]
"""(queries [n], item ids [n]) -> grades [n] of 0 to 3."""


def write_judgments(folder: Path, pairs: int, right: Right, *, seed: int) -> None:
    """Judges `pairs` distinct pairs of the logs in `folder`. The same seed and logs give the same bytes.

    Raises InvalidConfig when the searches do not hold so many.
    """
    searches = pq.read_table(folder / SEARCHES, columns=["query", "exposed_item_ids"])
    item_ids = pq.read_table(folder / CATALOG, columns=["item_id"])["item_id"].combine_chunks()
    # A stream of its own: judging changes no draw of the market.
    rng = np.random.default_rng([seed, RATERS])
    drawn = _draw(searches, item_ids, pairs, rng)
    if len(drawn) < pairs:
        raise InvalidConfig("--judged", f"is {pairs}; there are but {len(drawn)} pairs to judge", cure="judge fewer")
    grades = rate(right(drawn["query"].combine_chunks(), drawn["item_id"].combine_chunks()), rng)
    judgments = drawn.append_column("grade", pa.array(grades))
    draft = folder / f".{JUDGMENTS}.unfinished"
    pq.write_table(judgments.cast(JUDGMENTS_SCHEMA), draft, compression="zstd")
    draft.replace(folder / JUDGMENTS)


def rate(right: NDArray[np.uint8], rng: Rng) -> NDArray[np.float64]:
    """[n]: the mean of what RATERS say of each right grade."""
    off = rng.choice([-1, 0, 1], (len(right), RATERS), p=[OFF_BY_ONE / 2, 1 - OFF_BY_ONE, OFF_BY_ONE / 2])
    said: NDArray[np.float64] = np.clip(right[:, None].astype(np.float64) + off, 0, GRADE_MAX).mean(1)
    return said


def _draw(searches: pa.Table, item_ids: pa.Array, pairs: int, rng: Rng) -> pa.Table:
    """Distinct (query, item_id), a query after the other in random order until there are enough."""
    shown: dict[str, dict[str, None]] = {}
    for query, exposed in zip(searches["query"].to_pylist(), searches["exposed_item_ids"].to_pylist(), strict=True):
        shown.setdefault(query, {}).update(dict.fromkeys(exposed))
    queries, names = list(shown), item_ids.to_pylist()
    if not queries:
        return pa.table({"query": pa.array([], pa.string()), "item_id": pa.array([], pa.string())})
    # More of each where there are too few queries.
    of_each = max(PAIRS_OF_A_QUERY, -(-pairs // len(queries)))
    found: list[tuple[str, str]] = []
    for number in rng.permutation(len(queries)):
        if len(found) >= pairs:
            break
        page = list(shown[queries[number]])
        strange = round(of_each * RANDOM_ITEMS)
        seen = [page[place] for place in rng.permutation(len(page))[: of_each - strange]]
        others = [names[place] for place in rng.integers(len(names), size=strange)]
        found += [(queries[number], item) for item in dict.fromkeys([*seen, *others])]
    return pa.table({"query": [query for query, _ in found[:pairs]], "item_id": [item for _, item in found[:pairs]]})
