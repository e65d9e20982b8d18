"""Where everything of a run is: stores, a bundle, a live generation. Small ones go afterwards; a million items stay.

What stays has names of its own, and is taken again only if all of it is there: the live generation's id is a hash of
what the scene is made of, and it was made live last. A lock in the database keeps a second run out meanwhile.
"""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from pydantic import SecretStr

from benchmarks.live_generation import make_live
from benchmarks.paper_bundle import make_paper_bundle
from benchmarks.serving.alike import neighbours
from benchmarks.serving.filling import fill_catalogue_and_index
from benchmarks.serving.kept_database import kept_database
from benchmarks.serving.shop import Shop, make_shop, model_vectors
from benchmarks.serving.shoppers import shopper, write_shoppers
from benchmarks.stores import own_milvus, store_name, throwaway_database
from multigrain import database
from multigrain.bundle import Bundle, open_bundle
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import BundleEncoder, load_encoder
from multigrain.errors import BundleRefused, NotFound
from multigrain.features.windows import split
from multigrain.index import specs
from multigrain.index.milvus import MilvusStore
from multigrain.index.planner import plan
from multigrain.registry.sql import SqlRegistry
from multigrain.settings import DatabaseSettings, MilvusSettings, Settings
from multigrain.types import GenerationId
from trainer.data.key_terms.build import RULE

VERSION = 2
"""Of how a scene is filled: a kept one of another version is filled again."""
COLLECTION = "bench_serving"
HISTORIES = 16
"""Users whose histories the vectors of the items are made with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How large a scene is."""

    items: int
    users: int
    texts: int
    """Different queries."""
    depth: int
    """The most that will be asked for."""
    item_rows: int
    """Rows of the item table that hashed items share."""
    compiled: bool
    """Whether the programs compile single queries: quicker from then on, and seconds more at the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A shop that is ready to be served."""

    settings: Settings
    """Those of the stores, for whoever opens them."""
    extent: Extent
    shop: Shop
    bundle: Bundle
    encoder: BundleEncoder
    engine: sa.Engine
    indexes: MilvusStore
    """This process's own way to the index."""
    collection: str
    spec: specs.IndexSpec
    reused: bool

    @property
    def place(self) -> str:
        """For names of figures."""
        return f"{store_name(self.engine)}, {self.indexes.describe().split(' in ')[0].split(' at ')[0]}"

    def settings_of(self, program: str) -> Settings:
        """For a program that opens the stores itself. Milvus Lite has one owner: each program gets a copy of it."""
        if "://" in self.settings.milvus_uri:
            return self.settings
        filled = Path(self.settings.milvus_uri)
        own = filled.with_name(f"{program}.db")
        if not own.exists():
            if filled.is_dir():
                shutil.copytree(filled, own)
            else:
                shutil.copy(filled, own)
        return self.settings.model_copy(update={"milvus": self.settings.milvus.model_copy(update={"uri": str(own)})})


@contextmanager
def open_scene(settings: Settings, extent: Extent, say: Callable[[str], None], *, keep: str | None) -> Iterator[Scene]:
    """`keep`: the name under which it stays, for servers only; None: it goes afterwards."""
    if keep is None:
        with TemporaryDirectory(prefix="multigrain-bench-") as name, throwaway_database(settings) as engine:
            collection = f"{COLLECTION}_{Path(name).name[-8:]}"
            with own_milvus(settings, Path(name)) as (own, indexes):
                try:
                    yield _ready(settings, own, extent, Path(name), engine, indexes, collection, say)
                finally:
                    if collection in indexes.names():
                        indexes.open(collection).drop()
        return
    folder = (settings.data.dir / "bench" / f"serving-{keep}").absolute()
    with kept_database(settings, f"multigrain_bench_serving_{keep}") as engine, own_milvus(settings, folder) as opened:
        own, indexes = opened
        yield _ready(settings, own, extent, folder, engine, indexes, f"{COLLECTION}_{keep}", say)


def _ready(
    settings: Settings,
    milvus: MilvusSettings,
    extent: Extent,
    folder: Path,
    engine: sa.Engine,
    indexes: MilvusStore,
    collection: str,
    say: Callable[[str], None],
) -> Scene:
    shop = make_shop(extent.texts)
    bundle = _whole_scene(extent, folder, engine, indexes, collection)
    reused = bundle is not None
    if bundle is None:
        say("exporting a bundle")
        _clear(folder, engine, indexes, collection)
        table = neighbours(shop, extent.items)
        bundle = make_paper_bundle(folder / "bundle", item_rows=extent.item_rows, neighbors=table).bundle
    else:
        say("a scene is there: taken again")
    encoder = load_encoder(bundle)
    spec = plan(extent.items, encoder.dims, extent.depth, lite=indexes.capabilities.lite).spec
    now_ms = time.time_ns() // 1_000_000
    if not reused:
        say("vectors of the shop's models")
        states = [shopper(shop, number, extent.items, encoder.windows, now_ms) for number in range(HISTORIES)]
        vectors = model_vectors(encoder, shop, [split(state, now_ms, encoder.windows) for state in states])
        index = indexes.create(collection, dims=encoder.dims, spec=spec)
        fill_catalogue_and_index(engine, index, shop, vectors, extent.items, say)
    say("writing users")
    write_shoppers(engine, shop, extent.users, extent.items, encoder.windows, now_ms)
    if not reused:
        make_live(
            engine,
            generation_id(extent),
            bundle_id=bundle.bundle_id,
            bundle_path=str(bundle.path),
            collection=collection,
            spec=spec,
            dims=bundle.manifest.dims,
        )
    url = SecretStr(engine.url.render_as_string(hide_password=False))
    stores = {"database": DatabaseSettings(url=url, pool_size=settings.database.pool_size), "milvus": milvus}  # type: ignore[call-arg]  # pydantic fills the rest
    return Scene(
        settings=settings.model_copy(update=stores),
        extent=extent,
        shop=shop,
        bundle=bundle,
        encoder=encoder,
        engine=engine,
        indexes=indexes,
        collection=collection,
        spec=spec,
        reused=reused,
    )


def generation_id(extent: Extent) -> GenerationId:
    """Tells a scene of this making and extent, and of these key terms, from any other."""
    return GenerationId(f"g-bench-{hashlib.sha256(f'{VERSION} {RULE} {extent}'.encode()).hexdigest()[:12]}")


def _whole_scene(
    extent: Extent, folder: Path, engine: sa.Engine, indexes: MilvusStore, collection: str
) -> Bundle | None:
    """The bundle of a scene of which every part is there; None: something is missing, or of another making."""
    live = SqlRegistry(engine).live()
    if live is None or live.generation_id != generation_id(extent):
        return None
    try:
        bundle, index = open_bundle(folder / "bundle"), indexes.open(collection)
        index.load()
    except (BundleRefused, NotFound):
        return None
    whole = live.bundle_id == bundle.bundle_id and extent.items == index.count() == SqlCatalogue(engine).count()
    return bundle if whole else None


def _clear(folder: Path, engine: sa.Engine, indexes: MilvusStore, collection: str) -> None:
    """Of what a run that was cut short may have left."""
    shutil.rmtree(folder / "bundle", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    if collection in indexes.names():
        indexes.open(collection).drop()
    if SqlCatalogue(engine).last_item_no() or SqlRegistry(engine).list():
        database.downgrade(engine, "base")
        database.upgrade(engine)
