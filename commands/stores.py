"""The real stores that the settings name, opened for a command."""

from typing import TYPE_CHECKING

from multigrain.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from multigrain.index.milvus import MilvusStore
    from multigrain.registry.sql import SqlRegistry


def open_engine(settings: Settings) -> "Engine":
    """The SQL store; its schema must have been upgraded."""
    from multigrain import database

    return database.open_database(settings.database_url, pool_size=settings.database.pool_size)


def open_registry(settings: Settings) -> "SqlRegistry":
    from multigrain.registry.sql import SqlRegistry

    return SqlRegistry(open_engine(settings))


def open_index_store(settings: Settings) -> "MilvusStore":
    """Milvus, embedded or a server. The embedded file has one owner at a time."""
    from multigrain.index.milvus import MilvusStore

    token = settings.milvus.token.get_secret_value() if settings.milvus.token else None
    settings.data.dir.mkdir(parents=True, exist_ok=True)
    return MilvusStore(settings.milvus_uri, token=token, timeout_seconds=settings.milvus.timeout_seconds)
