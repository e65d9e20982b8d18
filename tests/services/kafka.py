"""Apache Kafka as a local process: one broker that is its own controller (KRaft), from Maven Central.

`pom.xml` pins the libraries. All listeners are bound to loopback. The JVM is set for a quick start, not for
throughput. The Python client is imported where it is used, for a run without Kafka need not wait for it.
"""

import base64
import re
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from typing import ClassVar

from tests.services.kafka_jars import fetch, pinned_version
from tests.services.ports import is_listening
from tests.services.server import Command, LocalServer
from tests.services.unavailable import CannotProvide

OLDEST_JAVA = 17
JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")
INSTALL_JAVA = "install Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk)"


class KafkaServer(LocalServer):
    name: ClassVar[str] = "kafka"
    port_count: ClassVar[int] = 2

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.ports[0]}"

    @property
    def version(self) -> str:
        return pinned_version()

    def prepare(self) -> Command:
        java = _java()
        jars = fetch()
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        properties = self.folder / "server.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in self._properties().items()))
        run = [java, *JVM, f"-Djava.io.tmpdir={temporary}", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        run += ["-Dorg.slf4j.simpleLogger.showDateTime=true", "-cp", f"{jars}/*"]
        if not self._cluster_id():
            self._format([*run, "kafka.tools.StorageTool", "format", "-c", str(properties), "-t", _new_cluster_id()])
        return Command([*run, "kafka.Kafka", str(properties)])

    def answers(self) -> bool:
        from kafka import KafkaAdminClient
        from kafka.errors import KafkaError

        # The port alone first: the client reports each refused connection on standard error.
        if not is_listening(self.ports[0]):
            return False
        try:
            admin = KafkaAdminClient(bootstrap_servers=self.address, bootstrap_timeout_ms=2000)
        except KafkaError:
            return False
        try:
            cluster = admin.describe_cluster()
            return bool(cluster["brokers"]) and cluster["cluster_id"] == self._cluster_id()
        except KafkaError:
            return False
        finally:
            admin.close()

    def _properties(self) -> Mapping[str, object]:
        port, controller_port = self.ports
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self.folder / "data",
            # One broker can hold one copy; the defaults ask for three.
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "offsets.topic.num.partitions": 1,
            "transaction.state.log.num.partitions": 1,
            # Tests wait for these: no pause before a group's first assignment, short sessions allowed, prompt
            # compaction.
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "log.cleaner.backoff.ms": 500,
            # A misspelt topic is refused, not created; production does the same.
            "auto.create.topics.enable": "false",
            # After a kill the controller refuses the broker until its old session has run out: 9 s by default.
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
        }

    def _cluster_id(self) -> str | None:
        """None: the storage has not been formatted."""
        try:
            lines = (self.folder / "data" / "meta.properties").read_text().splitlines()
        except FileNotFoundError:
            return None
        return dict(line.split("=", 1) for line in lines if "=" in line)["cluster.id"]

    def _format(self, command: list[str]) -> None:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotProvide(
                f"Kafka could not format its storage: {(done.stderr or done.stdout).strip()[-800:]}",
                cure=f"see that {self.folder} can be written and that its disk has room",
            )


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        raise CannotProvide("Kafka runs on Java, and there is no `java` on PATH", cure=INSTALL_JAVA)
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version.group(1)) < OLDEST_JAVA:
        raise CannotProvide(
            f"Kafka {pinned_version()} needs Java {OLDEST_JAVA}; {java} is: {said.strip()}", cure=INSTALL_JAVA
        )
    return java


def _new_cluster_id() -> str:
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # The storage tool would take a leading dash for an option.
        if not text.startswith("-"):
            return text
