"""A bundle that may be served is kept under its own name, where no later training writes over it."""

import shutil
from pathlib import Path

from multigrain.bundle import Bundle, open_bundle
from multigrain.finished import mark_of, written_beside


def keep_bundle(bundle: Bundle, folder: Path) -> Bundle:
    """A checked copy of `bundle` in `folder`, named by its id; one that is there already is used as it is."""
    place = folder / bundle.bundle_id
    if mark_of(place) is None:
        with written_beside(place) as draft:
            shutil.copytree(bundle.path, draft, dirs_exist_ok=True)
    return open_bundle(place)
