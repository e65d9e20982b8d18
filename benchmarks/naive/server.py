"""The naive server as a program: everything is read into memory, then a pool of threads answers."""

from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc

from benchmarks.naive.messages import METHOD, SERVICE, Answer
from benchmarks.naive.retrieval import Known, NaiveRetrieval
from benchmarks.processes import told_to_stop
from multigrain import database
from multigrain.bundle import open_bundle
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import load_compiled_encoder, load_encoder
from multigrain.features.sql import SqlFeatureStore
from multigrain.garbage import spare_what_stays
from multigrain.index import specs
from multigrain.index.milvus import MilvusStore
from multigrain.registry.sql import SqlRegistry
from multigrain.settings import Settings
from multigrain.v1 import retrieval_pb2 as pb
from server.channels.lexical_index import LexicalIndex
from server.understanding.tagger import Tagger

PATH = f"/{SERVICE}/{METHOD}"
CALLS_AT_ONCE = 8
READ_AT_ONCE = 5_000


def serve(settings: Settings, told: Connection) -> None:
    """For a process of a bench: see programs.Program."""
    stop = told_to_stop()
    engine = database.open_database(settings.database_url, pool_size=settings.database.pool_size)
    retrieval = load(settings, engine)
    spare_what_stays()
    server = grpc.server(ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="naive"))
    server.add_generic_rpc_handlers((_handler(retrieval),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    told.send(f"127.0.0.1:{port}")
    stop.wait()
    server.stop(0)


def load(settings: Settings, engine: Any) -> NaiveRetrieval:  # Any: an engine; this file imports no SQLAlchemy
    """Of the live generation."""
    live = SqlRegistry(engine).live()
    assert live is not None  # a scene has one
    bundle = open_bundle(Path(live.bundle_path))
    token = settings.milvus.token.get_secret_value() if settings.milvus.token else None
    store = MilvusStore(settings.milvus_uri, token=token)
    spec = specs.from_dict(live.index_spec)
    store.open(live.collection, spec=spec).load()
    known = read_items(SqlCatalogue(engine))
    return NaiveRetrieval(
        client=store._client,
        collection=live.collection,
        spec=spec,
        encoder=(load_compiled_encoder if settings.server.compile_queries else load_encoder)(bundle),
        tagger=Tagger(bundle.key_terms()),
        features=SqlFeatureStore(engine),
        known=known,
        neighbors=bundle.neighbors(),
        threads=ThreadPoolExecutor(2 * CALLS_AT_ONCE, thread_name_prefix="naive-channel"),
    )


def read_items(catalogue: SqlCatalogue) -> Known:
    """Everything in the catalogue, in dictionaries."""
    known = Known(rows={}, numbers={}, titles=LexicalIndex())
    for batch in catalogue.scan(READ_AT_ONCE):
        known.titles.put([(stored.item_no, stored.item.title) for stored in batch])
        for stored in batch:
            item = stored.item
            known.numbers[item.item_id] = stored.item_no
            known.rows[stored.item_no] = {
                "item_id": item.item_id,
                "brand": item.brand,
                "category": "/".join(item.category_path),
                "stock": item.stock,
                "status": int(item.status),
            }
    return known


def _handler(retrieval: NaiveRetrieval) -> grpc.GenericRpcHandler:
    retrieve = grpc.unary_unary_rpc_method_handler(
        lambda request, context: retrieval.retrieve(request),
        request_deserializer=pb.RetrieveRequest.FromString,
        response_serializer=Answer.SerializeToString,
    )
    return grpc.method_handlers_generic_handler(SERVICE, {METHOD: retrieve})
