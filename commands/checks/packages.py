"""Which of our programs can run with the packages that are installed."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from commands.checks.check import Finding, Health
from multigrain.settings import Settings

AREA = "packages"


def server(settings: Settings) -> Finding:
    return _program("server", {"tensorflow": "tensorflow-cpu", "grpc_health": "grpcio-health-checking"})


def streaming(settings: Settings) -> Finding:
    return _program("streaming", {"tensorflow": "tensorflow-cpu", "kafka": "kafka-python"})


def trainer(settings: Settings) -> Finding:
    return _program("trainer", {"tensorflow": "tensorflow-cpu", "pyarrow": "pyarrow"})


def embedded(settings: Settings) -> Finding:
    """Milvus inside the process: needed as long as milvus.uri is a file."""
    needed = "://" not in settings.milvus_uri
    return _program("embedded", {"milvus_lite": "milvus-lite"}, needed=needed)


def _program(name: str, modules: dict[str, str], *, needed: bool = True) -> Finding:
    missing = [package for module, package in modules.items() if find_spec(module) is None]
    present = [f"{package} {_version(package)}" for package in modules.values() if package not in missing]
    return Finding(
        area=AREA,
        what=f"multigrain[{name}]",
        health=Health.OK if not missing else Health.BROKEN if needed else Health.ABSENT,
        detail=", ".join(present) if not missing else f"missing: {', '.join(missing)}",
        cure="" if not missing else f"pip install 'multigrain[{name}]', or make setup in a checkout",
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(version unknown)"
