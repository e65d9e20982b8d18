"""The stores that the settings name: do they answer, and are they fit for us."""

from collections import Counter
from pathlib import Path

from commands.checks.check import Finding, Health
from multigrain.errors import MultigrainError
from multigrain.settings import Settings

AREA = "configured"
KAFKA_WAIT_MS = 5000


def sql(settings: Settings) -> Finding:
    from sqlalchemy import make_url

    from multigrain import database

    url = make_url(settings.database_url)
    shown = url.render_as_string(hide_password=True)
    if url.drivername.startswith("sqlite") and url.database and not Path(url.database).exists():
        return _absent("SQL", f"{shown} is not there yet", "multigrain db upgrade")
    try:
        state = database.check(database.open_database(settings.database_url))
    except MultigrainError as error:
        return _broken("SQL", f"{shown}: {error}", "start the database, or mend database.url")
    if not state.up_to_date:
        return _broken("SQL", f"{shown}: schema at {state.current}, newest is {state.newest}", "multigrain db upgrade")
    return _ok("SQL", f"{shown}, schema {state.current}")


def milvus(settings: Settings) -> Finding:
    uri = settings.milvus_uri
    if "://" not in uri and not Path(uri).exists():
        return _absent("Milvus", f"Milvus Lite file {uri} is not there yet", "it is made by the first publish")
    if "://" not in uri:
        # A Lite file has one owner at a time: opening it here would take it from a running server.
        return _ok("Milvus", f"Milvus Lite, {uri} (not opened: one process at a time may)")
    from multigrain.index.milvus import MilvusStore

    token = settings.milvus.token.get_secret_value() if settings.milvus.token else None
    try:
        return _ok("Milvus", MilvusStore(uri, token=token, timeout_seconds=5).describe())
    except MultigrainError as error:
        return _broken("Milvus", f"{uri}: {error}", "start the server, or mend milvus.uri")


def kafka(settings: Settings) -> Finding:
    if settings.kafka.bootstrap is None:
        return _absent("Kafka", "no broker set: events come from files", "set kafka.bootstrap to feed from a broker")
    from kafka import KafkaConsumer
    from kafka.errors import KafkaError

    topics = (settings.kafka.items_topic, settings.kafka.behavior_topic)
    try:
        consumer = KafkaConsumer(bootstrap_servers=settings.kafka.bootstrap, bootstrap_timeout_ms=KAFKA_WAIT_MS)
        try:
            present = consumer.topics()
        finally:
            consumer.close()
    except KafkaError as error:
        problem = f"{settings.kafka.bootstrap}: {type(error).__name__}: {error}"
        return _broken("Kafka", problem, "start the broker, or mend kafka.bootstrap")
    missing = [topic for topic in topics if topic not in present]
    if missing:
        return _broken("Kafka", f"{settings.kafka.bootstrap} has no topic {', '.join(missing)}", "create the topics")
    return _ok("Kafka", f"{settings.kafka.bootstrap}, topics {', '.join(topics)}")


def generations(settings: Settings) -> Finding:
    """Builds that nobody finishes, and indexes that belong to no generation."""
    from multigrain import database
    from multigrain.index.milvus import MilvusStore
    from multigrain.registry.sql import SqlRegistry, wall_clock_ms
    from multigrain.registry.steps import is_abandoned
    from multigrain.registry.tidy import orphans

    what = "generations"
    found = sql(settings)
    if found.health is not Health.OK:
        return _absent(what, "no SQL store to ask", found.cure)
    registry = SqlRegistry(database.open_database(settings.database_url))
    rows = registry.list()
    abandoned = [row.generation_id for row in rows if is_abandoned(row, wall_clock_ms())]
    if abandoned:
        return _broken(what, f"nobody builds {', '.join(abandoned)} any more", "multigrain generations tidy")
    counted = ", ".join(f"{count} {state}" for state, count in Counter(row.state.value for row in rows).items())
    if "://" not in settings.milvus_uri:
        return _ok(what, f"{counted or 'none'} (indexes not looked at: Milvus Lite has one owner at a time)")
    token = settings.milvus.token.get_secret_value() if settings.milvus.token else None
    try:
        left = orphans(registry, MilvusStore(settings.milvus_uri, token=token, timeout_seconds=5))
    except MultigrainError as error:
        return _broken(what, f"{settings.milvus_uri}: {error}", "start the server, or mend milvus.uri")
    if left:
        cure = "multigrain generations tidy; what it leaves is of another deployment, or dropped by hand"
        return _broken(what, f"indexes without a generation: {', '.join(left)}", cure)
    return _ok(what, f"{counted or 'none'}, each with its index")


def index_plan(settings: Settings) -> Finding:
    """What the next publish would build, for the catalogue as it is."""
    from multigrain import database
    from multigrain.catalog.catalog import SqlCatalogue
    from multigrain.errors import InvalidSpec
    from multigrain.index.planner import plan
    from multigrain.index.suitability import Machine
    from multigrain.registry.sql import SqlRegistry
    from multigrain.types import RETRIEVE_MAX

    what, found = "index plan", sql(settings)
    if found.health is not Health.OK:
        return _absent(what, "no SQL store to ask", found.cure)
    engine = database.open_database(settings.database_url)
    live, items = SqlRegistry(engine).live(), SqlCatalogue(engine).count()
    if live is None:
        return _absent(what, "no generation is live, so dims are not known", "multigrain index plan --dims D")
    try:
        planned = plan(
            items,
            live.dims,
            RETRIEVE_MAX,
            lite="://" not in settings.milvus_uri,
            kind=settings.generation.index_kind,
            machine=Machine(scan_bytes=round(settings.generation.scan_memory_gb * 1e9) or None),
        )
    except InvalidSpec as error:
        return _broken(what, f"{items:,} items of {live.dims} dims: {error}", error.cure)
    memory = f"{planned.memory_bytes / 1e6:,.0f} MB"
    return _ok(what, f"{planned.spec.kind} for {items:,} items of {live.dims} dims, {memory} in the index server")


def live_generation(settings: Settings) -> Finding:
    from multigrain import database
    from multigrain.registry.sql import SqlRegistry

    found = sql(settings)
    if found.health is not Health.OK:
        return _absent("live generation", "no SQL store to ask", found.cure)
    live = SqlRegistry(database.open_database(settings.database_url)).live()
    if live is None:
        return _absent("live generation", "none is live", "multigrain demo, or train, publish and promote one")
    return _ok("live generation", f"{live.generation_id} (bundle {live.bundle_id})")


def _ok(what: str, detail: str) -> Finding:
    return Finding(area=AREA, what=what, health=Health.OK, detail=detail)


def _absent(what: str, detail: str, cure: str) -> Finding:
    return Finding(area=AREA, what=what, health=Health.ABSENT, detail=detail, cure=cure)


def _broken(what: str, detail: str, cure: str) -> Finding:
    return Finding(area=AREA, what=what, health=Health.BROKEN, detail=detail, cure=cure)
