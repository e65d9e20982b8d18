"""The images and the compose files, as far as they can be held to their promises without an engine."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from prometheus_client import start_http_server

from multigrain.settings_in_force import load_settings
from streaming.dead_letter import DEAD_SUFFIX
from tests.services.cache import ROOT

DOCKERFILE = ROOT / "docker" / "Dockerfile"
COMPOSE = ROOT / "docker" / "compose.yaml"
GPU = ROOT / "docker" / "compose.gpu.yaml"
PROGRAMS = ("server", "streaming", "trainer")
OLDEST_SAFE_MILVUS = (2, 6, 10)

Service = dict[str, Any]  # Any: YAML


@dataclass(frozen=True)
class Stage:
    name: str
    base: str
    instructions: tuple[tuple[str, str], ...]  # ("COPY", "docker/build.txt ./")

    def all(self, word: str) -> list[str]:
        return [rest for instruction, rest in self.instructions if instruction == word]


def stages() -> dict[str, Stage]:
    """The Dockerfile's stages by name; ARG defaults are filled in."""
    text = re.sub(r"\\\n", " ", DOCKERFILE.read_text())
    found: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, rest = line.split(maxsplit=1)
        if word == "ARG":
            name, _, default = rest.partition("=")
            arguments[name] = default
        rest = re.sub(r"\$\{(\w+)\}", lambda match: arguments.get(match.group(1), match.group(0)), rest)
        if word == "FROM":
            base, name = re.fullmatch(r"(\S+) AS (\S+)", rest).groups()  # type: ignore[union-attr]  # or the test fails
            found[name] = Stage(name, base, ())
        elif found:
            last = list(found.values())[-1]
            found[last.name] = Stage(last.name, last.base, (*last.instructions, (word, rest)))
    return found


def lineage(name: str) -> list[Stage]:
    """The stage and those it is built on, last first."""
    known = stages()
    line = [known[name]]
    while line[-1].base in known:
        line.append(known[line[-1].base])
    return line


def inherited(name: str, word: str) -> str:
    """The instruction that is in force at the end of a stage."""
    return next(stage.all(word)[-1] for stage in lineage(name) if stage.all(word))


def environment(name: str) -> dict[str, str]:
    lines = [line for stage in reversed(lineage(name)) for line in stage.all("ENV")]
    return dict(pair.split("=", 1) for line in lines for pair in line.split())


def services(file: Path = COMPOSE) -> dict[str, Service]:
    found: dict[str, Service] = yaml.safe_load(file.read_text())["services"]
    return found


def words(command: str | list[str]) -> list[str]:
    return yaml.safe_load(command) if isinstance(command, str) else command  # a JSON list is YAML


class TestImages:
    @pytest.mark.parametrize("program", PROGRAMS)
    def test_each_program_has_a_target_that_does_not_run_as_root(self, program: str) -> None:
        user, _, group = inherited(program, "USER").partition(":")
        assert int(user) >= 10_000
        assert int(group) >= 10_000

    @pytest.mark.parametrize("program", PROGRAMS)
    def test_each_image_starts_a_command_that_exists(self, program: str) -> None:
        assert words(inherited(program, "ENTRYPOINT")) == ["multigrain"]
        assert words(inherited(program, "CMD"))[0] in commands()

    def test_the_server_has_a_grpc_check_and_the_stream_a_metrics_check(self) -> None:
        assert inherited("server", "HEALTHCHECK").endswith('CMD ["python", "/opt/healthcheck.py", "grpc"]')
        assert inherited("streaming", "HEALTHCHECK").endswith('CMD ["python", "/opt/healthcheck.py", "metrics"]')
        for program in ("server", "streaming"):
            assert "docker/healthcheck.py /opt/healthcheck.py" in inherited(program, "COPY")

    def test_what_is_copied_exists_and_is_not_ignored(self) -> None:
        sources = [source for stage in stages().values() for source in copied_from_the_repository(stage)]
        assert "docker/healthcheck.py" in sources
        assert [source for source in sources if not (ROOT / source).exists()] == []
        assert [source for source in sources if not is_sent(source)] == []

    def test_secrets_data_and_history_are_not_sent_to_the_builder(self) -> None:
        for name in (".git/config", ".venv/bin/python", ".env", "multigrain-data/multigrain.db", "tests/conftest.py"):
            assert not is_sent(name), name

    def test_every_package_of_the_wheel_is_copied(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
        copied = {source.rstrip("/") for source in copied_from_the_repository(stages()["wheel"])}
        assert set(packages) <= copied

    def test_every_dependency_comes_from_a_lock_with_hashes(self) -> None:
        installs = [line for stage in stages().values() for line in stage.all("RUN") if "pip install" in line]
        assert len(installs) == 1 + 2 * len(PROGRAMS)
        for line in installs:
            assert "--require-hashes" in line or "--no-deps /tmp/wheel/*.whl" in line, line
        for lock in ("docker/build.txt", *(f"requirements/{name}.txt" for name in (*PROGRAMS, "gpu"))):
            assert "--hash=sha256:" in (ROOT / lock).read_text(), lock

    def test_the_wheel_is_built_by_the_release_that_the_developers_have(self) -> None:
        pin = re.compile(r"^hatchling==\S+", re.MULTILINE)
        locks = [ROOT / "docker" / "build.txt", ROOT / "requirements" / "dev.txt"]
        assert len({pin.search(lock.read_text()).group() for lock in locks}) == 1  # type: ignore[union-attr]  # or fails

    def test_no_bytecode_is_written_and_builds_have_a_fixed_time(self) -> None:
        for program in PROGRAMS:
            assert environment(program)["PYTHONDONTWRITEBYTECODE"] == "1"
        assert environment("wheel")["SOURCE_DATE_EPOCH"].isdigit()

    @pytest.mark.parametrize("program", PROGRAMS)
    def test_the_settings_of_an_image_are_ones_that_exist(self, program: str) -> None:
        load_settings({key: value for key, value in environment(program).items() if key.startswith("MULTIGRAIN_")})

    def test_base_images_are_pinned(self) -> None:
        known = stages()
        assert {stage.base for stage in known.values() if stage.base not in known} == {"python:3.12-slim-bookworm"}


class TestCompose:
    @pytest.mark.parametrize("file", [COMPOSE, GPU], ids=lambda file: file.name)
    def test_ports_are_published_on_loopback_only(self, file: Path) -> None:
        published = [port for service in services(file).values() for port in service.get("ports", [])]
        assert file == GPU or len(published) == 6
        assert [port for port in published if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", str(port))] == []

    @pytest.mark.parametrize("file", [COMPOSE, GPU], ids=lambda file: file.name)
    def test_the_management_port_of_milvus_is_not_published(self, file: Path) -> None:
        published = [str(port) for service in services(file).values() for port in service.get("ports", [])]
        assert [port for port in published if "9091" in port] == []
        assert all(service.get("network_mode") != "host" for service in services(file).values())

    @pytest.mark.parametrize("file", [COMPOSE, GPU], ids=lambda file: file.name)
    def test_milvus_is_not_older_than_the_fix(self, file: Path) -> None:
        version = re.match(r"milvusdb/milvus:v(\d+)\.(\d+)\.(\d+)", services(file)["milvus"]["image"])
        assert version is not None
        assert tuple(map(int, version.groups())) >= OLDEST_SAFE_MILVUS

    @pytest.mark.parametrize("file", [COMPOSE, GPU], ids=lambda file: file.name)
    def test_images_are_pinned(self, file: Path) -> None:
        for service in services(file).values():
            _, _, tag = service["image"].partition(":")
            assert tag, service["image"]
            assert "latest" not in tag

    def test_the_gpu_file_is_the_same_milvus_with_a_gpu(self) -> None:
        assert services(GPU)["milvus"]["image"] == services()["milvus"]["image"] + "-gpu"
        for name in ("milvus", "trainer"):
            (device,) = services(GPU)[name]["deploy"]["resources"]["reservations"]["devices"]
            assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
        assert (ROOT / "requirements" / f"{services(GPU)['trainer']['build']['args']['REQUIREMENTS']}.txt").exists()

    def test_programs_are_built_from_targets_that_exist(self) -> None:
        built = {name: service["build"] for name, service in services().items() if "build" in service}
        assert set(built) == {*PROGRAMS, "migrations"}
        for build in built.values():
            assert (COMPOSE.parent / build["context"] / build["dockerfile"]).resolve() == DOCKERFILE
            assert build["target"] in stages()

    def test_commands_of_our_images_exist(self) -> None:
        for service in services().values():
            if "build" in service and "command" in service:
                assert service["command"][0] in commands()

    def test_settings_are_ones_that_exist(self) -> None:
        for name in (*PROGRAMS, "migrations"):
            given = {key: str(value) for key, value in services()[name]["environment"].items()}
            settings = load_settings(given)
            assert settings.milvus.uri == "http://milvus:19530"
            assert settings.kafka.bootstrap == "kafka:19092"
            assert settings.database_url.startswith("postgresql+psycopg://multigrain:")

    def test_what_a_service_needs_is_waited_for(self) -> None:
        for name, service in services().items():
            for needed, waited in service.get("depends_on", {}).items():
                expected = "service_completed_successfully" if is_job(services()[needed]) else "service_healthy"
                assert waited["condition"] == expected, f"{name} -> {needed}"
                assert is_job(services()[needed]) or "healthcheck" in services()[needed], needed
        assert set(services()["streaming"]["depends_on"]) == {"migrations", "topics", "milvus"}
        assert set(services()["server"]["depends_on"]) == {"migrations", "milvus"}

    def test_the_topics_that_the_stream_needs_are_created(self) -> None:
        (script,) = services()["topics"]["command"]
        kafka = load_settings({}).kafka
        names = kafka.items_topic, kafka.behavior_topic
        assert set(re.findall(r"(\S+):\d+", script.split(";")[0])) == {*names, *(name + DEAD_SUFFIX for name in names)}

    def test_only_minio_has_a_password_by_default(self) -> None:
        for name, service in services().items():
            for key, value in (service.get("environment") or {}).items():
                if "PASSWORD" in key or "SECRET" in key:
                    assert (":-" in value) == value.startswith("${MINIO_ROOT_PASSWORD"), f"{name}: {key}"
                    assert value.startswith("${"), f"{name}: {key}"

    @pytest.mark.parametrize("files", [[COMPOSE], [COMPOSE, GPU]], ids=["cpu", "gpu"])
    def test_docker_compose_accepts_the_files(self, files: list[Path]) -> None:
        if not has_compose():
            pytest.skip("no `docker compose` here: install Docker's compose plugin")
        chosen = [word for file in files for word in ("-f", str(file))]
        # All profiles: a service that is asked for by name only would not be looked at.
        done = subprocess.run(
            ["docker", "compose", *chosen, "--profile", "*", "config", "-q"],
            env={**os.environ, "POSTGRES_PASSWORD": "secret"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_docker_compose_refuses_to_start_without_a_password(self) -> None:
        if not has_compose():
            pytest.skip("no `docker compose` here: install Docker's compose plugin")
        without = {key: value for key, value in os.environ.items() if key != "POSTGRES_PASSWORD"}
        done = subprocess.run(
            ["docker", "compose", "-f", str(COMPOSE), "config", "-q"],
            env=without,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert "set it to a password" in done.stderr


class TestHealthcheck:
    """The script that the images run, against a real health service and a real metrics page."""

    @pytest.fixture
    def check(self) -> dict[str, Callable[[str], str | None]]:
        return runpy.run_path(str(ROOT / "docker" / "healthcheck.py"))

    @pytest.fixture
    def server(self) -> Iterator[tuple[health.HealthServicer, str]]:
        servicer = health.HealthServicer()
        server = grpc.server(ThreadPoolExecutor(2))
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield servicer, str(port)
        server.stop(None).wait()

    def test_a_serving_server_is_healthy(
        self, check: dict[str, Callable[[str], str | None]], server: tuple[health.HealthServicer, str]
    ) -> None:
        servicer, port = server
        servicer.set("", health_pb2.HealthCheckResponse.SERVING)
        assert check["grpc_fault"](port) is None

    def test_a_server_without_a_generation_is_not(
        self, check: dict[str, Callable[[str], str | None]], server: tuple[health.HealthServicer, str]
    ) -> None:
        servicer, port = server
        servicer.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        assert check["grpc_fault"](port) == f"the server on port {port} says NOT_SERVING"

    def test_a_metrics_page_is_healthy(self, check: dict[str, Callable[[str], str | None]]) -> None:
        page, thread = start_http_server(0, addr="127.0.0.1")
        try:
            assert check["metrics_fault"](str(page.server_port)) is None
        finally:
            page.shutdown()
            page.server_close()
            thread.join()

    @pytest.mark.parametrize("what", ["grpc", "metrics"])
    def test_the_exit_code_says_that_nothing_answers(self, what: str) -> None:
        nobody = {"MULTIGRAIN_SERVER_PORT": "1", "MULTIGRAIN_TELEMETRY_METRICS_PORT": "1"}
        done = subprocess.run(
            [sys.executable, str(ROOT / "docker" / "healthcheck.py"), what],
            env={**os.environ, **nobody},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "port 1 gives no answer" in done.stderr


def commands() -> set[str]:
    """What `multigrain --help` lists."""
    done = subprocess.run(
        [sys.executable, "-m", "commands.main", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(re.findall(r"^    ([a-z]+)\b", done.stdout.partition("COMMAND\n")[2], re.MULTILINE))


def copied_from_the_repository(stage: Stage) -> list[str]:
    return [source for line in stage.all("COPY") if "--from=" not in line for source in line.split()[:-1]]


def is_sent(name: str) -> bool:
    """Whether the builder gets the file: the last line of .dockerignore that matches it or a folder of it decides."""
    path = Path(name.rstrip("/"))
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").rstrip("/")
        if line and not line.startswith("#") and any(part.match(pattern) for part in (path, *path.parents[:-1])):
            sent = line.startswith("!")
    return sent


def is_job(service: Service) -> bool:
    """A service that ends when its work is done."""
    return service.get("restart") == "no"


def has_compose() -> bool:
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "compose", "version"], capture_output=True).returncode == 0
