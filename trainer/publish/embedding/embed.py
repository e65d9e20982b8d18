"""READ FIRST: vectors of a whole catalogue, made before a build and by many machines: snapshot -> encoder -> parts.

What comes out is a finished folder of Parquet parts, each row a key and a vector. The key says which item it is and
what the item tower read of it, so a vector of an item that has changed since is never taken for one of today.
"""

from pathlib import Path

from multigrain.bundle import Bundle
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.finished import write_mark, written_beside
from trainer.progress import Clock, Meter, Reporter
from trainer.publish.embedding.engine import Embed
from trainer.publish.embedding.snapshot import write_snapshot

SNAPSHOT, VECTORS = "snapshot", "vectors"


def embed_catalogue(
    catalogue: SqlCatalogue, bundle: Bundle, folder: Path, embed: Embed, *, reporter: Reporter, clock: Clock
) -> int:
    """Encodes every item with the bundle's item tower; returns how many. `folder` is finished, or as it was before."""
    with written_beside(folder) as draft:
        items = write_snapshot(
            catalogue, draft / SNAPSHOT, Meter("snapshot", catalogue.count(), reporter=reporter, clock=clock)
        )
        embed(draft / SNAPSHOT, bundle.path, draft / VECTORS, Meter("embed", items, reporter=reporter, clock=clock))
        write_mark(draft, bundle.bundle_id)
    return items
