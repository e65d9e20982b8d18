"""One serving process of a test's shop: `python -m tests.flow.a_process SEAT`, started by a supervisor.

As `python -m server.processes`, with the word encoder in the bundle's place. MULTIGRAIN_TEST_SHOP names the folder of
the shop.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from server.processes.__main__ import run
from server.processes.seat import Seat, share_of

if TYPE_CHECKING:
    from multigrain.catalog.catalog import SqlCatalogue
    from server.lifecycle import Server
    from server.status import Fellows
    from tests.flow.serving import Shop


def open_catalogue(seat: Seat) -> "tuple[SqlCatalogue, float]":
    from multigrain import database
    from multigrain.catalog.catalog import SqlCatalogue

    start_log(seat)
    return SqlCatalogue(database.open_database(address())), 0.02


def build(seat: Seat, fellows: "Fellows") -> "Server":
    from multigrain.features.state_reader import open_state_reader
    from multigrain.settings import ServerSettings, Settings
    from server.app import assemble
    from server.processes.kept_catalogue import kept_for

    start_log(seat)
    settings = Settings(server=ServerSettings(registry_poll_ms=20, feature_budget_ms=2000, drain_seconds=1))
    shop = reopened()
    return assemble(
        share_of(settings, seat).server,
        registry=shop.registry,
        catalogue=shop.catalogue,
        states=open_state_reader(shop.engine),
        load=shop.load,
        fellows=fellows,
        held=kept_for(seat),
    )


def address() -> str:
    return f"sqlite:///{Path(os.environ['MULTIGRAIN_TEST_SHOP']) / 'shop.db'}"


def start_log(seat: Seat) -> None:
    from multigrain.settings import TelemetrySettings
    from multigrain.telemetry import start_telemetry

    start_telemetry(TelemetrySettings(log_format="json"), process=seat.number)


def reopened() -> "Shop":
    """The shop that lies there; its index, which lived in another process's memory, is made again."""
    from multigrain import database
    from multigrain.index.item_rows import item_rows
    from tests.builders import WordEncoder
    from tests.flow.serving import FLAT, Shop

    shop, encoder = Shop(database.open_database(address())), WordEncoder()
    encoder.bundle_id = "b-g-1"
    shop.encoders[encoder.bundle_id] = encoder
    index = shop.indexes.create(shop.collection("g-1"), dims=encoder.dims, spec=FLAT)
    stored = [row for batch in shop.catalogue.scan(10_000) for row in batch]
    index.upsert(item_rows(stored, encoder.encode_items([row.item for row in stored])))
    index.finish()
    return shop


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], open_catalogue, build))
