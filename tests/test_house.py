"""Promises of the whole house that people forget."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.metrics import MetricWrapperBase

from multigrain import errors, events, telemetry

ROOT = Path(__file__).parent.parent
PROGRAMS = ("multigrain", "trainer", "streaming", "server", "commands", "benchmarks")


def tracked_files() -> list[Path]:
    """What git tracks, or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_committed_protos_are_what_the_compiler_makes_of_protos(tmp_path: Path) -> None:
    protos = sorted((ROOT / "protos/multigrain/v1").glob("*.proto"))
    compile_ = [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT / 'protos'}"]
    subprocess.run([*compile_, f"--python_out={tmp_path}", f"--pyi_out={tmp_path}", *map(str, protos)], check=True)
    service = str(ROOT / "protos/multigrain/v1/retrieval.proto")
    subprocess.run([*compile_, f"--grpc_python_out={tmp_path}", service], check=True)
    made = {path.name: path.read_text() for path in (tmp_path / "multigrain/v1").iterdir()}
    committed = {
        path.name: path.read_text() for path in (ROOT / "multigrain/v1").glob("*_pb2*.py*") if path.suffix != ".pyc"
    }
    assert committed == made, "run `make protos`"


def test_every_proto_field_has_a_comment() -> None:
    bare = []
    for path in (ROOT / "protos/multigrain/v1").glob("*.proto"):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            declares = re.match(r"\s+(repeated |optional |map<.*> )?[\w.]+ \w+ = \d+;|\s+[A-Z_]+ = \d+;", line)
            if declares and not lines[number - 1].lstrip().startswith("//"):
                bare.append(f"{path.name}:{number + 1}")
    assert bare == []


def test_every_event_has_a_handler() -> None:
    from streaming.handlers import HANDLERS

    assert {kind.__name__ for kind in _event_types()} == {kind.__name__ for kind in HANDLERS}


def test_every_error_has_a_status() -> None:
    from server.interceptors import STATUS_OF

    kinds = [
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.MultigrainError)
    ]
    leaves = [kind for kind in kinds if not any(other is not kind and issubclass(other, kind) for other in kinds)]
    assert leaves, "the tree of errors has no leaves"
    without = [leaf.__name__ for leaf in leaves if not any(issubclass(leaf, named) for named in STATUS_OF)]
    assert without == []


def test_errors_are_drawn_in_the_tree_at_the_top() -> None:
    tree = errors.__doc__ or ""
    kinds = [name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]
    assert [name for name in kinds if not re.search(rf"\b{name}\b", tree)] == []


def test_every_metric_has_a_user() -> None:
    metrics = [name for name, value in vars(telemetry).items() if isinstance(value, MetricWrapperBase)]
    assert metrics
    code = "\n".join(
        path.read_text() for program in ("server", "streaming", "trainer") for path in (ROOT / program).rglob("*.py")
    )
    assert [name for name in metrics if not re.search(rf"\b{name}\b", code)] == []


def test_every_command_is_listed_and_says_what_it_does() -> None:
    from commands.main import COMMANDS

    listed = {command.name for command in COMMANDS}
    package = importlib.import_module("commands")
    modules = [importlib.import_module(f"commands.{entry.name}") for entry in pkgutil.iter_modules(package.__path__)]
    assert {module.COMMAND.name for module in modules if hasattr(module, "COMMAND")} == listed
    assert [command.name for command in COMMANDS if len(command.description) < 60] == []


def test_every_bench_can_be_named() -> None:
    from benchmarks.suite import BENCHES
    from commands.bench import NAMES

    assert tuple(bench.name for bench in BENCHES) == NAMES


def test_help_imports_nothing_heavy() -> None:
    heavy = (
        "tensorflow",
        "pymilvus",
        "sqlalchemy",
        "grpc",
        "kafka",
        "pyarrow",
        "numpy",
        "rich",
        "pydantic",
        "rjieba",
        "ibis",
        "duckdb",
    )
    program = (
        "import sys\nfrom commands.main import build_parser\nbuild_parser().format_help()\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["dev", "server", "streaming", "trainer", "gpu", "services", "spark"])
def test_lock_pins_every_package_with_hashes_and_names_no_index(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert blocks
    assert [block.split()[0] for block in blocks if "==" not in block.split()[0] or "--hash=sha256:" not in block] == []


def test_every_dependency_is_justified() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(line for lines in project["optional-dependencies"].values() for line in lines),
    ]
    names = {re.split(r"[\[<>=;! ]", line)[0] for line in wanted} - {"multigrain", "tensorflow"}
    page = (ROOT / "docs/dependencies.md").read_text()
    assert sorted(name for name in names if not re.search(rf"^\| .*\b{re.escape(name)}\b.*\|", page, re.M)) == []


def test_no_file_names_this_machine_or_a_package_registry() -> None:
    # Written in pieces, so that this file does not find itself.
    forbidden = re.compile(
        "|".join(
            ["/ro" + r"ot/(?!\.)", "/wo" + "rk/", "py" + r"pi\.org", "pythonhosted" + r"\.org", "repo1?" + r"\.maven"]
        )
    )
    found = []
    for path in tracked_files():
        if path.suffix in {".png", ".npz", ".parquet"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if forbidden.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


def test_modules_say_what_they_do() -> None:
    silent = []
    for program in PROGRAMS:
        for path in (ROOT / program).rglob("*.py"):
            if path.name == "__init__.py" and not path.read_text().strip():
                continue
            if "_pb2" not in path.name and not path.read_text().lstrip().startswith('"""'):
                silent.append(str(path.relative_to(ROOT)))
    assert silent == []


def _event_types() -> list[type]:
    found: list[type] = []
    for member in get_args(events.Event):
        found += get_args(member) or (member,)
    return found
