"""The joining place: the only file of the server that names a real store."""

import functools
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from multigrain import database
from multigrain.canary.queries import canary_queries
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import load_compiled_encoder, load_encoder
from multigrain.features.state_reader import StateReader, open_state_reader
from multigrain.index.milvus import MilvusStore
from multigrain.registry.registry import Registry
from multigrain.registry.sql import SqlRegistry
from multigrain.settings import GenerationSettings, ServerSettings, Settings
from multigrain.watch import Refresh
from server.catalogue.served import Held, held_here
from server.channels import all_channels
from server.channels.channel import Channel
from server.channels.lexical import Titles
from server.encoding.query_encodings import QueryEncodings
from server.generations.canary import LiveCanary, Queries
from server.generations.live import LiveGenerations, Load, Reopen
from server.generations.loading import loader, reopener
from server.histories import Histories
from server.interceptors import Door
from server.lifecycle import Server
from server.pipeline import Pipeline
from server.security.guard import Guard
from server.security.limits import Limits
from server.security.tls import server_credentials
from server.security.tokens_file import TokensFile
from server.service import RetrievalService
from server.status import Fellows, Status, alone
from server.timing.slow import SlowRequests
from server.timing.tracing import Traces, open_traces
from server.understanding.owners_file import OwnersFile
from server.understanding.owners_rules import no_rules
from server.users import Users

GENERATION_DEFAULTS = Settings().generation


def wall_clock_ms() -> int:
    """Now, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_request_id() -> str:
    """Random, so that ids of many servers do not meet: 'r-6f3a09c2b1d4'."""
    return f"r-{secrets.token_hex(6)}"


def build_server(settings: Settings, fellows: Fellows = alone, held: Held = held_here) -> Server:
    """A server on the stores that the settings name. Nothing is connected yet: one that is down delays the serving,
    and not the start.

    `fellows`: the processes that share its port. `held`: where the catalogue's columns and titles lie.
    """
    traces = open_traces(settings.telemetry)
    engine = database.open_database(settings.database_url, pool_size=settings.database.pool_size)

    @functools.cache
    def indexes() -> MilvusStore:
        token = settings.milvus.token.get_secret_value() if settings.milvus.token else None
        return MilvusStore(settings.milvus_uri, token=token, timeout_seconds=settings.milvus.timeout_seconds)

    def close() -> None:
        engine.dispose()
        if indexes.cache_info().currsize:
            indexes().close()

    towers = load_compiled_encoder if settings.server.compile_queries else load_encoder
    catalogue, rng = SqlCatalogue(engine), np.random.default_rng()
    return assemble(
        settings.server,
        registry=SqlRegistry(engine, clock=wall_clock_ms),
        catalogue=catalogue,
        states=open_state_reader(engine),
        load=lambda generation: loader(indexes(), towers, catalogue)(generation),
        reopen=lambda live, generation: reopener(indexes(), catalogue)(live, generation),
        tried_with=lambda generation: canary_queries(Path(generation.bundle_path), engine, rng),
        generation_settings=settings.generation,
        traces=traces,
        fellows=fellows,
        held=held,
        close=close,
    )


def assemble(
    settings: ServerSettings,
    *,
    registry: Registry,
    catalogue: SqlCatalogue,
    states: StateReader,
    load: Load,
    reopen: Reopen | None = None,
    tried_with: Queries | None = None,
    generation_settings: GenerationSettings = GENERATION_DEFAULTS,
    channels: Callable[[Titles], Sequence[Channel]] = all_channels,
    now_ms: Callable[[], int] = wall_clock_ms,
    new_id: Callable[[], str] = new_request_id,
    traces: Traces | None = None,
    fellows: Fellows = alone,
    held: Held = held_here,
    close: Callable[[], None] = lambda: None,
) -> Server:
    """A server of these parts. `close` is called last, after the drain.

    `reopen`: as in LiveGenerations. `tried_with`: the canary's queries; None: the live index is not tried. `traces`:
    closed with the server; None: calls are not traced. Raises InvalidConfig for a certificate, a tokens file or a
    relevance file that cannot work.
    """
    credentials = server_credentials(settings)
    tokens = None if settings.tokens_file is None else TokensFile(settings.tokens_file)
    owners = None if settings.relevance_file is None else OwnersFile(settings.relevance_file)
    served = held(catalogue)
    asked, live_catalogue = tuple(channels(served.titles)), served.columns
    generations = LiveGenerations(registry, load, reopen, allow_choice=settings.allow_generation_choice)
    users = Users(states)
    encodings = QueryEncodings(cache_bytes=int(settings.user_cache_mb * 2**20))
    pipeline = Pipeline(
        generations=generations,
        catalogue=live_catalogue,
        titles=served.titles,
        users=users,
        histories=Histories(),
        encodings=encodings,
        channels=asked,
        feature_seconds=settings.feature_budget_ms / 1000,
        relax_floor=settings.relax_floor,
        now_ms=now_ms,
        owners_rules=no_rules if owners is None else owners.current,
    )

    def look_ahead() -> None:
        if generations.current is not None and live_catalogue.latest is not None:
            generations.current.neighbours.look_ahead(live_catalogue.latest)

    refreshes: list[Refresh] = [live_catalogue.refresh, generations.refresh, generations.follow, look_ahead]
    if tried_with is not None and settings.canary_minutes:
        seconds = settings.canary_minutes * 60
        live_canary = LiveCanary(
            generations, registry, catalogue, tried_with, generation_settings, every_seconds=seconds
        )
        refreshes.append(live_canary.refresh)
    if tokens is not None:
        refreshes.append(tokens.refresh)
    if owners is not None:
        refreshes.append(owners.refresh)
    slow = SlowRequests(slow_ms=settings.slow_ms, now_ms=now_ms)
    # The traces first: a line about a slow request names its trace.
    listeners = [slow.tell] if traces is None else [traces.tell, slow.tell]
    status = Status(generations, live_catalogue, asked, started_ms=now_ms(), fellows=fellows)

    def close_all() -> None:
        for channel in asked:
            channel.close()
        encodings.close()
        users.close()
        served.close()
        if traces is not None:
            traces.close()
        close()

    return Server(
        settings,
        RetrievalService(pipeline, status, slow, default_seconds=settings.default_budget_ms / 1000),
        Door(
            max_concurrent=settings.max_concurrent,
            new_id=new_id,
            guard=guard_of(settings, tokens),
            listeners=listeners,
        ),
        status,
        credentials=credentials,
        refreshes=refreshes,
        is_ready=lambda: live_catalogue.latest is not None and generations.current is not None,
        close=close_all,
    )


def guard_of(settings: ServerSettings, tokens: TokensFile | None) -> Guard:
    """Who is let in; without tokens and without a rate, anybody."""
    limits = None
    if settings.client_rate:
        limits = Limits(rate=settings.client_rate, burst=settings.client_burst, monotonic=time.monotonic)
    return Guard(None if tokens is None else tokens.current, limits)
