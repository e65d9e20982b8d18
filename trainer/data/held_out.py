"""The newest examples of the training part are kept out of training, to see while it runs whether it learns.

By time, as the test part is: older examples of the same minute would flatter. The test part itself is not looked at.
Vocabularies and click counts are of the whole training part, these examples included.
"""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from trainer.data.example import Example
from trainer.data.example_rows import read_shard, shards_of

SHARE = 20
"""At most one example in so many is held out: a small log needs its examples for learning."""


def held_out_from_ms(folder: Path, wanted: int) -> int:
    """Since when examples are held out, so that about `wanted` are. One past the last where none is to be."""
    columns = [pq.read_table(path, columns=["at_ms"])["at_ms"].to_numpy() for path in shards_of(folder, "train")]
    times = np.sort(np.concatenate(columns)) if columns else np.zeros(0, np.int64)
    count = min(wanted, len(times) // SHARE)
    if count == 0:
        return int(times[-1]) + 1 if len(times) else 0
    return int(times[-count])


def held_out(folder: Path, from_ms: int) -> list[Example]:
    """The examples of the training part at or after `from_ms`."""
    shards = shards_of(folder, "train")
    return [example for shard in shards for example in read_shard(shard) if example.at_ms >= from_ms]
