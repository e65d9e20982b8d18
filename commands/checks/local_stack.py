"""What `make up` and the integration tests need to run real servers on this machine, with or without Docker."""

import functools
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from commands.checks.check import Finding, Health
from multigrain.settings import Settings

AREA = "real stack here"
JAVA_MIN = 17


@functools.cache
def docker_answers() -> bool:
    """Whether a Docker daemon answers; with one, containers are used and nothing else is needed."""
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "info"], capture_output=True, timeout=15, check=False)
    return asked.returncode == 0


def docker(settings: Settings) -> Finding:
    if docker_answers():
        return Finding(area=AREA, what="Docker", health=Health.OK, detail="a daemon answers")
    client = "the client is here, no daemon answers" if shutil.which("docker") else "not installed"
    cure = "start the daemon, or do without: Milvus, Kafka and PostgreSQL below run as plain processes"
    return Finding(area=AREA, what="Docker", health=Health.ABSENT, detail=client, cure=cure)


def milvus_server(settings: Settings) -> Finding:
    """The wheel that carries a Milvus server exists for Linux on x86-64 only."""
    fits = sys.platform == "linux" and platform.machine() == "x86_64"
    return _finding(
        "Milvus server",
        present=fits,
        detail="2.3.5, out of the wheel milvus==2.3.5 (make up fetches it)" if fits else f"no wheel for {sys.platform}",
        cure="use Docker, or set MULTIGRAIN_MILVUS_URI to a server elsewhere",
    )


def kafka_broker(settings: Settings) -> Finding:
    """Apache Kafka comes as jars through Maven."""
    java, maven = _java_major(), shutil.which("mvn")
    missing = [name for name, absent in ((f"Java >= {JAVA_MIN}", java < JAVA_MIN), ("Maven", maven is None)) if absent]
    return _finding(
        "Kafka broker",
        present=not missing,
        detail=f"Java {java} and Maven are here (make up fetches the jars)"
        if not missing
        else f"no {' and no '.join(missing)}",
        cure="apt-get install openjdk-17-jre-headless maven, or set MULTIGRAIN_KAFKA_BOOTSTRAP",
    )


def postgres(settings: Settings) -> Finding:
    found = shutil.which("initdb") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[::-1]), None)
    return _finding(
        "PostgreSQL server",
        present=found is not None,
        detail=str(found) if found else "no initdb on PATH or in /usr/lib/postgresql",
        cure="apt-get install postgresql, or set MULTIGRAIN_DATABASE_URL",
    )


def _finding(what: str, *, present: bool, detail: str, cure: str) -> Finding:
    health = Health.OK if present or docker_answers() else Health.ABSENT
    return Finding(area=AREA, what=what, health=health, detail=detail, cure="" if health is Health.OK else cure)


def _java_major() -> int:
    """The major version of the java on PATH; 0 without one."""
    if shutil.which("java") is None:
        return 0
    asked = subprocess.run(["java", "-version"], capture_output=True, text=True, timeout=30, check=False)
    found = re.search(r'version "(\d+)', asked.stderr)
    return int(found.group(1)) if found else 0
