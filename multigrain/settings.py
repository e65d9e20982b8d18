"""Settings: small typed classes, one per thing, frozen. Where their values come from: settings_in_force.py."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSettings(_Section):
    """Where files are kept."""

    dir: Path = Field(
        Path("multigrain-data"), description="Bundles, logs and the embedded stores. A full disk here stops everything."
    )


class DatabaseSettings(_Section):
    """The SQL store: catalogue, features, registry, stream positions."""

    url: SecretStr | None = Field(
        None,
        description="SQLAlchemy address, e.g. postgresql+psycopg://user@host/db. Not set: SQLite in data.dir. "
        "Secret, because it may hold a password.",
    )
    pool_size: int = Field(
        8,
        ge=1,
        le=200,
        description="Connections kept open. Too low: requests queue; too high: the server refuses some.",
    )
    keep_events_days: int = Field(
        400,
        ge=1,
        description="Days of raw user events that `multigrain db trim` leaves. Too low: events that the log brings "
        "again count twice; too high: the table fills the disk.",
    )


class MilvusSettings(_Section):
    """The vector store."""

    uri: str | None = Field(
        None, description="http://host:19530 of a server, or a .db file. Not set: Milvus Lite, a file in data.dir."
    )
    token: SecretStr | None = Field(None, description="user:password or API key. Not set: no authentication.")
    timeout_seconds: float = Field(
        30.0, gt=0, description="For building and writing. Too low: long builds fail; too high: a dead server hangs us."
    )


class KafkaSettings(_Section):
    """The log."""

    bootstrap: str | None = Field(
        None, description="host:port[,host:port]. Not set: no broker; events come from files."
    )
    group: str = Field(
        "multigrain", description="Consumer group. Two deployments that share one steal each other's data."
    )
    items_topic: str = Field("multigrain.items", description="Catalogue events, keyed by item id.")
    behavior_topic: str = Field("multigrain.behavior", description="User events, keyed by user id.")
    batch_records: int = Field(
        2_000, ge=1, le=100_000, description="Records a transaction. Too low: slow; too high: late, and much is redone."
    )
    batch_ms: int = Field(
        20,
        ge=1,
        le=60_000,
        description="How long to wait for a full batch. Too low: many small transactions; too high: events are late. "
        "What comes while a batch is being taken waits for no clock.",
    )
    dead_letter_run: int = Field(
        100, ge=1, description="This many bad records in a row stop the consumer: then the sender, or we, are broken."
    )
    dead_letter_ratio: float = Field(
        0.2,
        gt=0,
        le=1,
        description="A larger share of bad records among the last 1,000 stops the consumer. Too low: a few broken "
        "records stop a quiet topic; 1: only dead_letter_run counts.",
    )
    on_lost_records: Literal["stop", "skip"] = Field(
        "stop",
        description="When the log no longer has what is to be read next. skip: goes on with the oldest record there "
        "is, and what was lost stays missing.",
    )
    stall_seconds: float = Field(
        30.0,
        ge=1,
        description="A partition with records that gives none for so long is read anew, in the end by another process. "
        "Too low: a slow broker is taken for a stall; too high: its events come late.",
    )


class ArchiveSettings(_Section):
    """What was streamed, kept as logs that the trainer reads."""

    dir: Path | None = Field(
        None,
        description="Log folder that the stream fills; several consumers need one that all of them see. Not set: what "
        "was streamed is not kept for training.",
    )
    roll_mb: int = Field(
        64,
        ge=1,
        le=1024,
        description="Staged rows that make a part file. Too low: thousands of small files; too high: a roll takes "
        "eight times as much memory.",
    )
    roll_minutes: float = Field(
        60.0,
        gt=0,
        description="Staged rows do not wait longer for a file. Too low: small files; too high: training lags behind.",
    )


class ServerSettings(_Section):
    """The gRPC door and the request path."""

    host: str = Field("127.0.0.1", description="Address to listen on. 0.0.0.0 shows the service to the whole network.")
    port: int = Field(50051, ge=0, le=65535, description="0: a free port, printed at start.")
    processes: int = Field(
        1,
        ge=1,
        le=128,
        description="Processes that share the port (Linux, with a Milvus server). Too low: idle cores; too high: each "
        "holds a model, and they take the cores from each other.",
    )
    connection_minutes: float = Field(
        10.0,
        ge=0,
        description="With several processes: a client's connection is ended, without breaking a call, after so long, "
        "and finds a process anew; 0: never. Too low: clients connect all the time; too high: after a restart some "
        "processes have much to do and others little.",
    )
    max_concurrent: int = Field(
        64, ge=1, description="Requests worked on at once; more are shed. Too high: all are slow; too low: idle cores."
    )
    default_budget_ms: int = Field(
        500, ge=1, description="Time for a request that came without a deadline. Too low: channels are cut off."
    )
    compile_queries: bool = Field(
        True,
        description="Encodes queries several times faster, and loading a generation takes some seconds more. Off: a "
        "server that starts often is there sooner.",
    )
    user_cache_mb: float = Field(
        64.0,
        ge=0,
        description="Memory for encoded users, for each loaded generation, at some 100 kB a user with a long history; "
        "0: none is kept. Too low: whoever asks again is encoded again; too high: memory for users who do not come "
        "back.",
    )
    feature_budget_ms: int = Field(
        50, ge=1, description="Time for the user's history. Too low: answers lose their personalisation."
    )
    relax_floor: int = Field(
        20,
        ge=0,
        description="Where fewer items of the whole catalogue meet every demand of a query, colours are given up, then "
        "other attributes, words and brands; 0: none ever is. Too low: a page with two items; too high: whoever asks "
        "for one model sees others behind it.",
    )
    relevance_file: Path | None = Field(
        None,
        description="The shop's own words: what queries mean, must and must not show (docs/understanding.md). Not set: "
        "the dictionary alone is asked. A broken file is refused at the start; while the server runs, the one before "
        "stays.",
    )
    slow_ms: float = Field(
        100.0,
        ge=0,
        description="Requests that take so long are kept for `multigrain slow`, and warned of; 0: none is. Too low: "
        "the usual hides the slow, and each costs a little; too high: there is nothing to look at.",
    )
    registry_poll_ms: int = Field(
        250,
        ge=10,
        description="How often the live generation and the catalogue are looked up. Too high: late switches, old "
        "prices. Too low: the database answers in vain.",
    )
    canary_minutes: float = Field(
        5.0,
        ge=0,
        description="How often the live index is tried with sampled queries; 0: never. Too high: a broken index "
        "answers unseen for so long.",
    )
    allow_generation_choice: bool = Field(
        False,
        description="Whether a request may name a generation. On: anybody can query unreleased models; with "
        "tokens_file, whoever has the scope evaluate.",
    )
    drain_seconds: float = Field(
        10.0, ge=0, description="How long running requests may finish at a stop. Too low: clients see broken calls."
    )
    tls_cert: Path | None = Field(
        None,
        description="PEM file of the server's certificate and those between it and its CA. Not set: plain text, which "
        "everybody on the way can read.",
    )
    tls_key: Path | None = Field(
        None, description="PEM file of its private key, without a password. Set together with tls_cert, or not at all."
    )
    tls_client_ca: Path | None = Field(
        None,
        description="PEM file of the CA whose certificates clients must show. Not set: clients need no certificate.",
    )
    tokens_file: Path | None = Field(
        None,
        description="Lines of `multigrain token new`. Not set: whoever reaches the port may ask for anything.",
    )
    client_rate: float = Field(
        0.0,
        ge=0,
        description="Requests a second that one client gets in the long run; 0: no limit. Too low: a busy page is "
        "refused; too high: one client takes the cores of all.",
    )
    client_burst: int = Field(
        100,
        ge=1,
        description="Requests that a client which was quiet gets at once. Too low: a page that asks for several things "
        "is refused; too high: a crowd of them comes through before the rate counts.",
    )


class ClientSettings(_Section):
    """How the commands that ask a server show who they are. The token itself may come in MULTIGRAIN_TOKEN."""

    token_file: Path | None = Field(
        None, description="File that holds nothing but the token. Not set: MULTIGRAIN_TOKEN, or no token."
    )
    tls_ca: Path | None = Field(
        None,
        description="PEM file of the CA of the server's certificate; that of the machine's own CAs for a public one. "
        "Not set: plain text, unless one of the next two is.",
    )
    tls_cert: Path | None = Field(
        None, description="PEM file of our own certificate, for a server with server.tls_client_ca."
    )
    tls_key: Path | None = Field(
        None, description="PEM file of its private key. Set together with tls_cert, or not at all."
    )


class GenerationSettings(_Section):
    """What a generation must show before it becomes ready, and how its index is chosen."""

    canary_recall_floor: float = Field(
        0.98, ge=0, le=1, description="Index against exact search. Too low: a broken index goes live unseen."
    )
    canary_queries: int = Field(100, ge=1, description="Queries sampled for it. Too few: the figure is mostly noise.")
    canary_k: int = Field(100, ge=1, le=10_000, description="Depth at which recall is compared.")
    rollback_on_canary: bool = Field(
        False,
        description="Whether a server rolls back by itself from a live generation whose index fails the canary twice "
        "in a row. On: nobody is asked; off: a broken index stays live until somebody reads the alarm.",
    )
    keep_retired: int = Field(
        2,
        ge=1,
        le=20,
        description="Retired generations that keep their index, fed by the stream, so that a rollback is one write. "
        "Too low: nothing to go back to; too high: Milvus holds, and the stream writes, as many indexes more.",
    )
    rest_minutes: float = Field(
        10.0,
        ge=0,
        description="A retired index is not dropped before: a server that switches late still answers from it.",
    )
    scan_memory_gb: float = Field(
        0.0,
        ge=0,
        description="Of vectors a serving process may hold, so that the planner may choose MEMORY_SCAN. Too low: a "
        "server is asked where memory would be quicker; too high: each process of a machine takes as much.",
    )
    index_kind: str = Field("AUTO", description="AUTO lets the planner choose; or a kind of index/specs.py, e.g. HNSW.")


class ReconcileSettings(_Section):
    """How often the stream holds its indexes against the catalogue, and what it does about differences."""

    every_minutes: float = Field(
        60.0,
        ge=0,
        description="How often; 0: never. Too low: the database and Milvus are read from end to end all day; too high: "
        "an item that an index lost stays lost for as long.",
    )
    sample: int = Field(
        200,
        ge=0,
        description="Vectors computed again for each generation, at each look. Too low: a share of wrong vectors is "
        "not met; too high: the stream shares its cores with the item tower.",
    )
    repair: bool = Field(
        True, description="Whether differences are put right, and not only reported. Off: somebody must do it by hand."
    )


def _from_json(value: object) -> object:
    """A variable of the environment is text."""
    return json.loads(value) if isinstance(value, str) else value


Rules = Annotated[dict[str, float], BeforeValidator(_from_json)]
"""'METRIC' or 'METRIC of SLICE' -> a number; both as the report names them: 'recall@100 of frequency: tail'."""


class GateSettings(_Section):
    """What evaluation must have shown before a generation may go live."""

    at_least: Rules = Field(
        default_factory=dict, description="The mean of a metric. Too low: a bad model goes live; too high: none does."
    )
    no_worse_than_live: Rules = Field(
        default_factory=lambda: {"recall@100": 0.02},
        description="The most by which a metric may fall, even at the low end of its interval. Too low: with few test "
        "searches nothing can be shown to be good enough; too high: models get worse step by step.",
    )
    teacher: Path | None = Field(
        None, description="Folder of a relevance teacher, for rules on good@100. Not set: such rules are never met."
    )


class TelemetrySettings(_Section):
    """Logs, metrics and traces."""

    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG logs every request.")
    log_format: str = Field("text", pattern="^(text|json)$", description="json: one object a line, for collectors.")
    metrics_host: str = Field("127.0.0.1", description="Where Prometheus metrics are served.")
    metrics_port: int = Field(0, ge=0, le=65535, description="0: metrics are not served.")
    otlp_endpoint: str | None = Field(
        None,
        pattern="^https?://[^/]",
        description="OTLP collector that gets the server's traces by gRPC, e.g. http://127.0.0.1:4317. Needs "
        "multigrain[tracing]. Not set: nothing is traced.",
    )
    trace_share: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Of the calls whose trace begins here; what a caller samples is traced all the same. Too low: the "
        "slow one is not among them; too high: every call pays for its spans, and the collector for all.",
    )
    trace_queries: bool = Field(
        False,
        description="Whether traces hold query and user id. On: whoever reads the collector reads what each person "
        "searched for, and it is kept as long as the traces are.",
    )


class Settings(_Section):
    """Everything that can be set."""

    data: DataSettings = DataSettings()  # type: ignore[call-arg]  # pydantic fills defaults; mypy has no plugin here
    database: DatabaseSettings = DatabaseSettings()  # type: ignore[call-arg]  # as above
    milvus: MilvusSettings = MilvusSettings()  # type: ignore[call-arg]  # as above
    kafka: KafkaSettings = KafkaSettings()  # type: ignore[call-arg]  # as above
    archive: ArchiveSettings = ArchiveSettings()  # type: ignore[call-arg]  # as above
    server: ServerSettings = ServerSettings()  # type: ignore[call-arg]  # as above
    client: ClientSettings = ClientSettings()  # type: ignore[call-arg]  # as above
    generation: GenerationSettings = GenerationSettings()  # type: ignore[call-arg]  # as above
    gate: GateSettings = GateSettings()  # type: ignore[call-arg]  # as above
    reconcile: ReconcileSettings = ReconcileSettings()  # type: ignore[call-arg]  # as above
    telemetry: TelemetrySettings = TelemetrySettings()  # type: ignore[call-arg]  # as above

    @property
    def database_url(self) -> str:
        """The address to connect to; SQLite beside the other data when none is set."""
        if self.database.url is not None:
            return self.database.url.get_secret_value()
        return f"sqlite:///{self.data.dir / 'multigrain.db'}"

    @property
    def milvus_uri(self) -> str:
        """The address to connect to; a Milvus Lite file beside the other data when none is set."""
        return self.milvus.uri or str(self.data.dir / "milvus.db")

    @property
    def bundles_dir(self) -> Path:
        return self.data.dir / "bundles"
