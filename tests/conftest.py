"""What every test gets: the real services, and an environment without our own variables."""

import os

import pytest

# gRPC notes on standard error that it sat out a fork, for each program that a test starts.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

FOR_THE_TESTS = ("MULTIGRAIN_TEST_", "MULTIGRAIN_SERVICES_", "MULTIGRAIN_REQUIRE_SERVICES")

pytest_plugins = ("tests.services.fixtures", "tests.services.report")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own MULTIGRAIN_* variables must not change what a test sees."""
    for name in os.environ:
        if name.startswith("MULTIGRAIN_") and not name.startswith(FOR_THE_TESTS):
            monkeypatch.delenv(name)
