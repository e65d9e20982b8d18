"""The runtimes that the query tower is compared in are no dependencies."""

from benchmarks.other_runtimes import RUNTIMES, Runtime


def test_a_runtime_knows_what_of_it_is_installed() -> None:
    runtime = Runtime("both", ("numpy", "a_module_that_nobody_ships"), "numpy nobody", RUNTIMES[0].load)

    assert runtime.installed == 1
