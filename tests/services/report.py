"""Says at the end of a run how many passing tests used the real parts, and what these were.

    real parts: milvus 7 tests (process, 2.3.5) · kafka 5 tests (process, 4.3.1) · postgres 9 tests (process, 15.18)

A test counts if it passed and one of the fixtures in `PART_OF` was among those it used. With
MULTIGRAIN_REQUIRE_SERVICES=1 a run of the whole suite in which some part was used by no test fails: its green would
mean less than it says.
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.services.fixtures import REQUIRE, required
from tests.services.resolution import NAMES, sources

PART_OF = {
    "milvus_service": "milvus",
    "milvus_uri": "milvus",
    "own_milvus": "milvus",
    "kafka_service": "kafka",
    "kafka_topics": "kafka",
    "own_kafka": "kafka",
    "postgres_service": "postgres",
    "postgres_url": "postgres",
    "own_postgres": "postgres",
}
# The report of a passing test carries its parts in its properties: they also reach the controller of worker
# processes, and the JUnit file.
PROPERTY = "real part "
# Options with which a run is meant to leave tests out.
SELECTIONS = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "stepwise", "collectonly")

ASKED_BY_NAME = pytest.StashKey[set[str]]()


class Tally:
    """Counts the reports of a run; also those that worker processes send."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        # For each part one entry a passing test: how the part was come by.
        self._uses: dict[str, list[str]] = {name: [] for name in NAMES}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for key, source in report.user_properties:
            if key.startswith(PROPERTY):
                self._uses[key.removeprefix(PROPERTY)].append(str(source))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK and self._missing():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        used = [
            f"{name} {len(uses)} {'test' if len(uses) == 1 else 'tests'} ({' and '.join(sorted(set(uses)))})"
            for name, uses in self._uses.items()
            if uses
        ]
        if used:
            terminalreporter.write_line(f"real parts: {' · '.join(used)}")
        if missing := self._missing():
            terminalreporter.write_line(
                f"real parts: no passing test used {' or '.join(missing)}; {REQUIRE}=1 asks for every one of them",
                red=True,
            )

    def _missing(self) -> list[str]:
        """The parts without which this run should not pass."""
        if not required() or not _is_whole_suite(self._config):
            return []
        return [name for name, uses in self._uses.items() if not uses]


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")
    if not is_worker:
        config.pluginmanager.register(Tally(config), "multigrain-real-parts")


def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest) -> None:
    # What a test gets by `getfixturevalue` is not among its declared fixtures.
    if fixturedef.argname in PART_OF and isinstance(request.node, pytest.Item):
        request.node.stash.setdefault(ASKED_BY_NAME, set()).add(fixturedef.argname)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call" and report.passed:
        used = {*getattr(item, "fixturenames", ()), *item.stash.setdefault(ASKED_BY_NAME, set())}
        for name in sorted({PART_OF[fixture] for fixture in used & PART_OF.keys()}):
            report.user_properties.append((PROPERTY + name, sources()[name]))
    return report


def _is_whole_suite(config: pytest.Config) -> bool:
    if any(config.getoption(option, None) for option in SELECTIONS):
        return False
    # `pytest`, `pytest .` and `pytest tests` run all; `pytest tests/unit` and `pytest tests/a.py::test_b` do not.
    tests = Path(config.rootpath) / "tests"
    return any(tests.is_relative_to((config.invocation_params.dir / argument).resolve()) for argument in config.args)
