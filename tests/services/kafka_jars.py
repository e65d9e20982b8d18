"""Kafka's libraries: from Maven Central, as `pom.xml` pins them and `kafka.sha256` knows them."""

import hashlib
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from tests.services import cache
from tests.services.unavailable import CannotProvide

POM = Path(__file__).with_name("pom.xml")
JAR_HASHES = Path(__file__).with_name("kafka.sha256")
INSTALL_MAVEN = "install Maven (Debian: apt-get install maven; macOS: brew install maven)"


def fetch() -> Path:
    """The folder with Kafka's jars, downloaded at most once and again only when `pom.xml` changes."""
    content = hashlib.sha256(POM.read_bytes()).hexdigest()[:8]
    version = pinned_version()
    return cache.obtain(f"kafka-{version}-{content}", _download, what=f"kafka {version} (44 MB)")


def pinned_version() -> str:
    names = {"maven": "http://maven.apache.org/POM/4.0.0"}
    version = ElementTree.parse(POM).findtext("maven:properties/maven:kafka.version", namespaces=names)
    if not version:
        raise ValueError(f"{POM} has no property kafka.version: it should name the release to run")
    return version


def _download(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotProvide("Kafka's libraries come by Maven, and there is no `mvn` on PATH", cure=INSTALL_MAVEN)
    copy = [maven, "--batch-mode", "--quiet", "--strict-checksums", "-f", str(POM), "dependency:copy-dependencies"]
    done = subprocess.run(
        [*copy, f"-DoutputDirectory={folder}"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotProvide(
            f"Maven could not download Kafka {pinned_version()}: {done.stdout.strip()[-800:]}",
            cure="with Maven Central in reach run `python -m tests.services fetch`, or start a broker with Docker "
            "(POSTGRES_PASSWORD=none docker compose -f docker/compose.yaml up -d kafka) and "
            "export MULTIGRAIN_TEST_KAFKA=127.0.0.1:9092",
        )
    _compare_hashes(folder)


def _compare_hashes(folder: Path) -> None:
    """Maven's own checksums come from where the jar comes from; ours are in the repository."""
    expected = {name: digest for digest, name in (line.split() for line in JAR_HASHES.read_text().splitlines())}
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise CannotProvide(
            f"these jars are not the ones in {cache.shown(JAR_HASHES)}: {', '.join(wrong)}",
            cure=f"if {cache.shown(POM)} was changed on purpose, write their new SHA-256 there; else do not run them",
        )
