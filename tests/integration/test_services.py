"""The real parts: each serves, survives a kill with its data, ends when told to, and says why when it cannot be had."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from pymilvus import MilvusClient

from multigrain.settings_in_force import load_settings
from streaming.dead_letter import DEAD_SUFFIX
from tests.services import Service, Unavailable, cache, start_own
from tests.services.cache import ROOT
from tests.services.fixtures import REQUIRE, Topics
from tests.services.kafka_topics import create_topics
from tests.services.ports import claim, is_listening
from tests.services.postgres import PostgresServer, plain_url
from tests.services.process import Identity
from tests.services.resolution import resolve, variable
from tests.services.unavailable import CannotProvide, DidNotStart

NEEDS_PROC = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc/net")


class TestEachServes:
    def test_milvus_finds_the_nearest_vectors_in_order(self, milvus_uri: str, milvus_prefix: str) -> None:
        with closing(MilvusClient(uri=milvus_uri)) as client:
            insert_three_vectors(client, f"{milvus_prefix}items")
            # Inner products with (1, 0): item 10 has 0.5, item 20 has 0.1, item 30 has 0.9.
            assert nearest(client, f"{milvus_prefix}items", [1.0, 0.0]) == [30, 10, 20]

    def test_kafka_gives_back_what_was_written_in_order(self, kafka_topics: Topics) -> None:
        topic = kafka_topics.create("items")
        produce(kafka_topics.bootstrap, topic, [b"first", b"second", b"third"])
        assert consume(kafka_topics.bootstrap, topic, count=3) == [b"first", b"second", b"third"]

    def test_kafka_topic_has_the_partitions_and_settings_asked_for(self, kafka_topics: Topics) -> None:
        topic = kafka_topics.create("items", partitions=3, settings={"max.message.bytes": "100"})
        with closing(KafkaConsumer(bootstrap_servers=kafka_topics.bootstrap)) as consumer:
            assert consumer.partitions_for_topic(topic) == {0, 1, 2}
        with pytest.raises(Exception, match="MessageSizeTooLarge"):
            produce(kafka_topics.bootstrap, topic, [b"x" * 200])

    def test_postgres_keeps_what_was_inserted(self, postgres_url: str) -> None:
        with psycopg.connect(plain_url(postgres_url)) as connection:
            connection.execute("CREATE TABLE items (title text)")
            connection.execute("INSERT INTO items VALUES ('红色 dress')")
        with psycopg.connect(plain_url(postgres_url)) as connection:
            assert connection.execute("SELECT title FROM items").fetchall() == [("红色 dress",)]


class TestFaults:
    @pytest.mark.slow
    def test_milvus_has_its_rows_after_a_kill(self, own_milvus: Service) -> None:
        with closing(MilvusClient(uri=own_milvus.address)) as client:
            insert_three_vectors(client, "items")
        own_milvus.kill()
        own_milvus.restart()
        with closing(MilvusClient(uri=own_milvus.address)) as client:
            assert nearest(client, "items", [1.0, 0.0], within_seconds=60) == [30, 10, 20]

    @pytest.mark.slow
    def test_kafka_has_its_records_after_a_kill(self, own_kafka: Service) -> None:
        create_topics(own_kafka.address, {"items": 1})
        produce(own_kafka.address, "items", [b"first", b"second"])
        own_kafka.kill()
        own_kafka.restart()
        produce(own_kafka.address, "items", [b"third"])
        assert consume(own_kafka.address, "items", count=3) == [b"first", b"second", b"third"]

    def test_postgres_has_its_rows_after_a_kill(self, own_postgres: Service) -> None:
        with psycopg.connect(plain_url(own_postgres.address)) as connection:
            connection.execute("CREATE TABLE items AS SELECT 7 AS item_no")
        own_postgres.kill()
        with pytest.raises(psycopg.OperationalError, match="refused"):
            psycopg.connect(plain_url(own_postgres.address))
        own_postgres.restart()
        with psycopg.connect(plain_url(own_postgres.address)) as connection:
            assert connection.execute("SELECT item_no FROM items").fetchall() == [(7,)]

    def test_restart_ends_a_server_that_still_runs(self, own_postgres: Service) -> None:
        before = identity_of(own_postgres)
        own_postgres.restart()
        assert not before.is_alive()
        psycopg.connect(plain_url(own_postgres.address)).close()

    def test_a_server_that_is_not_ours_cannot_be_killed(self, postgres_service: Service) -> None:
        theirs = Service("postgres", postgres_service.address, "environment", "15", stop=lambda: None)
        with pytest.raises(TypeError, match="ask for the fixture own_postgres"):
            theirs.kill()


class TestEnding:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["milvus", "kafka", "postgres"])
    def test_stop_leaves_no_process_and_no_port(self, name: str) -> None:
        service = started(name)
        assert service.server is not None
        identity, ports = identity_of(service), service.server.ports
        service.stop()
        assert not identity.is_alive()
        assert [port for port in ports if is_listening(port)] == []
        service.stop()  # a second time is harmless

    def test_servers_of_a_killed_run_end_with_it(self, passable_path: Path) -> None:
        """SIGKILL: nothing in the run itself can end them."""
        run = subprocess.Popen(
            [sys.executable, "-c", PRINT_IDENTITY_AND_SLEEP],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(passable_path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        with run:
            assert run.stdout is not None
            pid, started_at = run.stdout.readline().rstrip("\n").split(" ", 1)
            server = Identity(int(pid), started_at)
            assert server.is_alive()
            assert list(passable_path.glob("multigrain-services-*/postgres-1/data/PG_VERSION"))
            run.kill()
        assert server.wait(10)
        wait_until(lambda: not list(passable_path.glob("multigrain-services-*")), seconds=10)

    def test_a_pid_that_was_given_to_another_process_is_not_touched(self) -> None:
        with subprocess.Popen(["sleep", "60"]) as stranger:
            try:
                Identity(stranger.pid, started="long ago").kill()
                assert stranger.poll() is None
            finally:
                stranger.kill()


class TestSideBySide:
    def test_two_runs_are_never_given_the_same_port(self) -> None:
        ours = claim(3)
        try:
            theirs = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    f"from tests.services.ports import claim; print(*claim(3, prefer={ours.ports}).ports)",
                ],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
            )
            assert not set(map(int, theirs.stdout.split())) & set(ours.ports)
        finally:
            ours.release()

    def test_released_ports_are_given_again_to_whoever_prefers_them(self) -> None:
        first = claim(3)
        first.release()
        second = claim(3, prefer=first.ports)
        second.release()
        assert second.ports == first.ports

    def test_a_port_on_which_somebody_listens_is_not_given(self) -> None:
        free = claim(1)
        free.release()
        with subprocess.Popen(
            [sys.executable, "-m", "http.server", str(free.ports[0]), "--bind", "127.0.0.1"], stderr=subprocess.DEVNULL
        ) as listener:
            try:
                wait_until(lambda: is_listening(free.ports[0]), seconds=10)
                other = claim(1, prefer=free.ports)
                other.release()
                assert other.ports != free.ports
            finally:
                listener.kill()

    @NEEDS_PROC
    def test_kafka_and_postgres_listen_on_loopback_only(self, own_kafka: Service, own_postgres: Service) -> None:
        for service in (own_kafka, own_postgres):
            assert service.server is not None
            addresses = {address for port in service.server.ports for address in listening_addresses(port)}
            # 127.0.0.1 as the kernel writes it: little endian, alone or mapped into IPv6.
            assert addresses
            assert addresses <= {"0100007F", "0000000000000000FFFF00000100007F"}


class TestCache:
    @pytest.fixture(autouse=True)
    def _empty_cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))

    def test_of_two_that_race_only_one_downloads(self, capfd: pytest.CaptureFixture[str]) -> None:
        fills: list[Path] = []

        def fill(folder: Path) -> None:
            fills.append(folder)
            time.sleep(0.2)
            (folder / "jar").write_text("content")

        racers = [
            threading.Thread(target=cache.obtain, args=("part-1", fill), kwargs={"what": "part"}) for _ in range(4)
        ]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert len(fills) == 1
        assert (cache.home() / "part-1" / "jar").read_text() == "content"
        assert capfd.readouterr().err.count("fetching part") == 1

    def test_a_failed_download_leaves_nothing_that_the_next_would_trust(self) -> None:
        def fail(folder: Path) -> None:
            (folder / "jar").write_text("half")
            raise OSError("cut off")

        with pytest.raises(OSError, match="cut off"):
            cache.obtain("part-1", fail, what="part")
        assert [entry.name for entry in cache.home().iterdir()] == ["part-1.lock"]

    def test_a_folder_without_its_mark_is_filled_again(self) -> None:
        (cache.home() / "part-1").mkdir()
        (cache.home() / "part-1" / "jar").write_text("half")

        def fill(folder: Path) -> None:
            (folder / "jar").write_text("whole")

        folder = cache.obtain("part-1", fill, what="part")
        assert (folder / "jar").read_text() == "whole"

    def test_what_an_interrupted_run_left_is_cleared_away(self) -> None:
        (cache.home() / "part-1.part-killed").mkdir()
        cache.obtain("part-1", lambda part: None, what="part")
        assert sorted(entry.name for entry in cache.home().iterdir()) == ["part-1", "part-1.lock"]


class TestUnavailable:
    @pytest.mark.parametrize(
        ("name", "address"),
        [
            ("milvus", "http://127.0.0.1:{port}"),
            ("kafka", "127.0.0.1:{port}"),
            ("postgres", "postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"),
        ],
    )
    def test_an_address_where_nothing_answers_is_named_with_its_variable(
        self, name: str, address: str, monkeypatch: pytest.MonkeyPatch, fresh_resolver: None
    ) -> None:
        unused = claim(1)
        address = address.format(port=unused.ports[0])
        monkeypatch.setenv(variable(name), address)
        answer = resolve(name)
        unused.release()
        assert isinstance(answer, Unavailable)
        assert f"{variable(name)} is {address}, where no {name} answers" in answer.reason
        assert "refused" in answer.reason.lower()
        assert f"unset {variable(name)}" in answer.cure

    def test_without_java_kafka_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        answer = start_own("kafka")
        assert isinstance(answer, Unavailable)
        assert "there is no `java` on PATH" in answer.reason
        assert "apt-get install openjdk-17-jre-headless" in answer.cure

    def test_without_an_index_milvus_says_what_pip_said(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
        for setting in ("PIP_NO_INDEX", "PIP_NO_CACHE_DIR", "PIP_ISOLATED"):
            monkeypatch.setenv(setting, "1")
        monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
        answer = start_own("milvus")
        assert isinstance(answer, Unavailable)
        assert "pip could not download milvus==" in answer.reason
        assert "No matching distribution" in answer.reason
        assert "python -m tests.services fetch" in answer.cure
        assert list(tmp_path.glob("milvus-*/*")) == []

    def test_a_server_that_ends_at_once_shows_the_end_of_its_log(self, passable_path: Path) -> None:
        (passable_path / "data").mkdir()
        server = PostgresServer(passable_path, passable_path / "postgres.log")
        with pytest.raises(DidNotStart, match="ended with status 2") as failure:
            server.start()
        assert "postgresql.conf" in failure.value.reason
        assert "postgres.log" in failure.value.cure
        assert server.identity is None

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root must run PostgreSQL as somebody else")
    def test_a_folder_that_the_server_cannot_enter_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CannotProvide, match=f"cannot enter {tmp_path}") as obstacle:
            PostgresServer(tmp_path, tmp_path / "postgres.log").start()
        assert "TMPDIR" in obstacle.value.cure


@pytest.mark.slow
def test_up_starts_three_servers_that_outlive_it_and_down_ends_them(passable_path: Path) -> None:
    folder = passable_path / "stack"
    try:
        first = command("up", folder)
        assert first.returncode == 0, first.stderr
        written = json.loads((folder / "stack.json").read_text())
        exported = dict(line.removeprefix("export ").split("=", 1) for line in first.stdout.splitlines())
        assert exported == written["variables"]
        with closing(MilvusClient(uri=exported["MULTIGRAIN_MILVUS_URI"])) as client:
            assert client.list_collections() == []
        with closing(KafkaConsumer(bootstrap_servers=exported["MULTIGRAIN_KAFKA_BOOTSTRAP"])) as consumer:
            assert consumer.topics() >= topics_of_the_stream()
        create_topics(exported["MULTIGRAIN_KAFKA_BOOTSTRAP"], {"items": 1})
        with psycopg.connect(plain_url(exported["MULTIGRAIN_DATABASE_URL"])) as connection:
            assert connection.info.dbname == "multigrain"
            connection.execute("CREATE TABLE items AS SELECT 7 AS item_no")
        assert command("status", folder).returncode == 0

        second = command("up", folder)
        assert second.returncode == 0
        assert second.stdout == first.stdout
        assert json.loads((folder / "stack.json").read_text()) == written

        identities = [Identity(**entry["identity"]) for entry in written["services"].values()]
        assert len(identities) == 3
        assert command("down", folder).returncode == 0
        assert [identity for identity in identities if identity.is_alive()] == []
        after = command("status", folder)
        assert after.returncode == 1
        assert after.stdout.count("has ended") == 3

        third = command("up", folder)
        assert third.stdout == first.stdout  # the same ports again
        with psycopg.connect(plain_url(exported["MULTIGRAIN_DATABASE_URL"])) as connection:
            assert connection.execute("SELECT item_no FROM items").fetchall() == [(7,)]
        with closing(KafkaConsumer(bootstrap_servers=exported["MULTIGRAIN_KAFKA_BOOTSTRAP"])) as consumer:
            assert "items" in consumer.topics()
    finally:
        assert command("down", folder).returncode == 0


def test_down_leaves_a_stranger_alone_that_was_given_the_pid(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        try:
            entry = {
                "address": "127.0.0.1:1",
                "version": "1",
                "identity": {"pid": stranger.pid, "started": "long ago"},
                "stop_signal": "SIGTERM",
                "ports": [1],
                "log": "kafka.log",
            }
            (tmp_path / "stack.json").write_text(json.dumps({"services": {"kafka": entry}}))
            done = command("down", tmp_path)
            assert (done.returncode, stranger.poll()) == (0, None)
            assert "nothing was running" in done.stderr
        finally:
            stranger.kill()


def test_status_of_a_folder_where_nothing_was_started_says_how_to_start(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    done = command("status", nowhere)
    assert done.returncode == 1
    assert f"python -m tests.services up --dir {nowhere}" in done.stderr
    assert not nowhere.exists()


class TestFixtures:
    """Runs of pytest within this one, against the servers of this one."""

    @pytest.fixture
    def suite(self, tmp_path: Path) -> Path:
        (tmp_path / "tests").mkdir()
        return tmp_path

    def test_each_test_has_a_place_of_its_own_that_is_gone_afterwards(
        self, suite: Path, milvus_service: Service, kafka_service: Service, postgres_service: Service
    ) -> None:
        write(
            suite / "tests" / "test_parts.py",
            """
            import psycopg
            from pathlib import Path
            from pymilvus import MilvusClient
            from tests.services.postgres import plain_url

            def test_all(milvus_uri, milvus_prefix, kafka_topics, postgres_url):
                client = MilvusClient(uri=milvus_uri)
                client.create_collection(milvus_prefix + "items", dimension=2)
                client.create_alias(milvus_prefix + "items", milvus_prefix + "live")
                client.close()
                kafka_topics.create("items")
                Path("left.txt").write_text("\\n".join([milvus_prefix, kafka_topics.prefix, plain_url(postgres_url)]))

            def test_another(postgres_url):
                assert plain_url(postgres_url) != Path("left.txt").read_text().splitlines()[2]
            """,
        )
        addresses = {variable(part.name): part.address for part in (milvus_service, kafka_service, postgres_service)}
        done = inner_pytest(suite, **addresses)
        assert done.returncode == 0, done.stdout
        assert "real parts: milvus 1 test (environment, 2." in done.stdout
        assert "kafka 1 test (environment) · postgres 2 tests (environment, 1" in done.stdout
        prefix, topic_prefix, url = (suite / "left.txt").read_text().splitlines()
        with closing(MilvusClient(uri=milvus_service.address)) as client:
            assert [name for name in client.list_collections() if name.startswith(prefix)] == []
        with closing(KafkaConsumer(bootstrap_servers=kafka_service.address)) as consumer:
            assert [name for name in consumer.topics() if name.startswith(topic_prefix)] == []
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(url)

    def test_a_part_got_by_name_counts_and_a_failing_test_does_not(
        self, suite: Path, postgres_service: Service
    ) -> None:
        write(
            suite / "tests" / "test_parts.py",
            """
            import pytest

            @pytest.mark.parametrize("store", ["postgres_url"])
            def test_by_name(store, request):
                assert request.getfixturevalue(store).startswith("postgresql")

            def test_failing(postgres_url):
                assert False
            """,
        )
        done = inner_pytest(suite, **{variable("postgres"): postgres_service.address})
        assert done.returncode == 1
        assert "real parts: postgres 1 test (environment, 1" in done.stdout

    def test_an_unavailable_part_skips_with_reason_and_cure(self, suite: Path) -> None:
        write(suite / "tests" / "test_parts.py", "def test_it(kafka_topics): pass")
        done = inner_pytest(suite, **{variable("kafka"): "127.0.0.1:1"})
        assert done.returncode == 0
        assert "1 skipped" in done.stdout
        assert "MULTIGRAIN_TEST_KAFKA is 127.0.0.1:1, where no kafka answers" in done.stdout
        assert "to get it: start it" in done.stdout

    def test_an_unavailable_part_fails_where_services_are_required(self, suite: Path) -> None:
        write(suite / "tests" / "test_parts.py", "def test_it(kafka_topics): pass")
        done = inner_pytest(suite, MULTIGRAIN_REQUIRE_SERVICES="1", **{variable("kafka"): "127.0.0.1:1"})
        assert done.returncode == 1
        assert "MULTIGRAIN_REQUIRE_SERVICES=1, but no kafka here" in done.stdout

    def test_a_green_whole_suite_that_used_no_real_part_fails_where_they_are_required(self, suite: Path) -> None:
        write(suite / "tests" / "test_parts.py", "def test_it(): pass")
        done = inner_pytest(suite, MULTIGRAIN_REQUIRE_SERVICES="1")
        assert done.returncode == 1
        assert "1 passed" in done.stdout
        assert "no passing test used milvus or kafka or postgres" in done.stdout

    @pytest.mark.parametrize("selection", [["-k", "it"], ["tests/test_parts.py"], ["-m", "not slow"]])
    def test_a_selection_need_not_use_every_part(self, suite: Path, selection: list[str]) -> None:
        write(suite / "tests" / "test_parts.py", "def test_it(): pass")
        done = inner_pytest(suite, *selection, MULTIGRAIN_REQUIRE_SERVICES="1")
        assert done.returncode == 0, done.stdout

    def test_a_run_that_asks_for_nothing_starts_nothing(self, suite: Path) -> None:
        write(suite / "tests" / "test_parts.py", "def test_it(): pass")
        done = inner_pytest(suite, MULTIGRAIN_SERVICES_CACHE=str(suite / "cache"), TMPDIR=str(suite))
        assert done.returncode == 0
        assert "real parts" not in done.stdout
        assert not (suite / "cache").exists()
        assert list(suite.glob("multigrain-services-*")) == []


PRINT_IDENTITY_AND_SLEEP = """
import time
from tests.services import start_own
identity = start_own("postgres").server.identity
print(identity.pid, identity.started, flush=True)
time.sleep(60)
"""


@pytest.fixture
def passable_path() -> Iterator[Path]:
    """`tmp_path` is closed to others; PostgreSQL, when root starts it, runs as somebody else."""
    with tempfile.TemporaryDirectory(prefix="multigrain-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def fresh_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of this run are kept aside, so that a test sees what another run would find."""
    monkeypatch.setattr("tests.services.resolution._resolved", {})


def topics_of_the_stream() -> set[str]:
    settings = load_settings({}).kafka
    topics = {settings.items_topic, settings.behavior_topic}
    return topics | {topic + DEAD_SUFFIX for topic in topics}


def started(name: str) -> Service:
    answer = start_own(name)
    if isinstance(answer, Unavailable):
        pytest.skip(str(answer))
    return answer


def identity_of(service: Service) -> Identity:
    assert service.server is not None
    assert service.server.identity is not None
    return service.server.identity


def command(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.services", name, "--dir", str(folder)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def inner_pytest(suite: Path, *selection: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plugins = ["-p", "tests.services.fixtures", "-p", "tests.services.report", "-p", "no:cacheprovider"]
    # Whether parts are required is what some of these runs are about: it must not come from the run around them.
    outside = {name: value for name, value in os.environ.items() if name != REQUIRE}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(suite), "-ra", *plugins, *selection],
        cwd=suite,
        env={**outside, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def write(file: Path, text: str) -> None:
    file.write_text(textwrap.dedent(text))


def insert_three_vectors(client: MilvusClient, collection: str) -> None:
    client.create_collection(collection, dimension=2, metric_type="IP", consistency_level="Strong")
    vectors = {10: [0.5, 0.5], 20: [0.1, 0.9], 30: [0.9, 0.1]}
    client.insert(collection, [{"id": number, "vector": vector} for number, vector in vectors.items()])


def nearest(client: MilvusClient, collection: str, query: list[float], *, within_seconds: float = 0) -> list[int]:
    """Item numbers, nearest first. A server that comes back serves a collection only once it is loaded again."""
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            (hits,) = client.search(collection, data=[query], limit=3, output_fields=["id"])
            return [hit["id"] for hit in hits]
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    with closing(KafkaProducer(bootstrap_servers=bootstrap)) as producer:
        for value in values:
            producer.send(topic, value).get(timeout=20)


def consume(bootstrap: str, topic: str, *, count: int) -> list[bytes]:
    with closing(KafkaConsumer(bootstrap_servers=bootstrap, consumer_timeout_ms=20_000)) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek_to_beginning()
        return [record.value for _, record in zip(range(count), consumer, strict=False)]


def listening_addresses(port: int) -> set[str]:
    rows = [
        line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


def wait_until(holds: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"still not so after {seconds} s"
        time.sleep(0.05)
