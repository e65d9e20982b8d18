"""The README is executed: its shell blocks run as they stand, in their order, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.ports import claim

ROOT = Path(__file__).parent.parent.parent
RUN_BY_CI_ITSELF = ("make demo", "make test", "make check", "make up", "make down", "make help", "git clone", "cd ")
"""`make test` is what runs this file; the others take minutes and have tests, or a step in .ci/run, of their own."""


def shell_blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)


def commands_of(block: str) -> list[str]:
    return [line.split("#")[0].strip() for line in block.splitlines() if line.split("#")[0].strip()]


def is_run_elsewhere(block: str) -> bool:
    return all(command.startswith(RUN_BY_CI_ITSELF) for command in commands_of(block))


def test_the_two_commands_of_the_readme_are_what_ci_runs() -> None:
    first = commands_of(shell_blocks()[0])
    assert "make demo" in first
    assert "make test" in first
    ci = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert re.search(r"^make demo$", ci, re.M)
    assert re.search(r"^make check test$", ci, re.M)


@pytest.mark.slow
def test_every_other_shell_block_of_the_readme_runs_as_it_stands(tmp_path: Path) -> None:
    blocks = [block for block in shell_blocks() if not is_run_elsewhere(block)]
    assert blocks, "the README shows no commands"
    script = "set -euxo pipefail\n" + "\n".join(blocks)
    port = claim(1)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        # The default port may be taken on the machine of whoever runs the tests.
        "MULTIGRAIN_SERVER_PORT": str(port.ports[0]),
    }
    try:
        ran = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    finally:
        port.release()
    assert ran.returncode == 0, f"{ran.stdout[-4000:]}\n{ran.stderr[-6000:]}"
    assert "Traceback" not in ran.stderr
