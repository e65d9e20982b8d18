"""What the servers of one run share: a temporary folder for data, a folder for logs, and a keeper.

Data lives as long as the run. Logs stay in the cache, under `logs/`, until twenty later runs have been.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path

from tests.services import cache
from tests.services.keeper import Keeper

KEPT_LOG_FOLDERS = 20


class Run:
    """Made when the first server starts, ended when all have stopped."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="multigrain-services-"))
        # The user postgres must be able to pass through.
        self.folder.chmod(0o711)
        self.logs = _new_log_folder()
        self.keeper = Keeper(self.folder)
        self._made = 0

    def place(self, name: str) -> tuple[Path, Path]:
        """A folder of its own for a server, and its log."""
        self._made += 1
        label = f"{name}-{self._made}"
        folder = self.folder / label
        folder.mkdir()
        return folder, self.logs / f"{label}.log"

    def end(self) -> None:
        self.keeper.dismiss()
        shutil.rmtree(self.folder, ignore_errors=True)


def _new_log_folder() -> Path:
    all_logs = cache.home() / "logs"
    folder = all_logs / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    folder.mkdir(parents=True)
    for old in sorted(all_logs.iterdir())[:-KEPT_LOG_FOLDERS]:
        shutil.rmtree(old, ignore_errors=True)
    return folder
