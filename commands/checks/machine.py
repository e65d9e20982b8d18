"""The machine itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from commands.checks.check import Finding, Health
from multigrain.settings import Settings

AREA = "machine"
GIB = 1 << 30
MEMORY_GIB = 4
DISK_GIB = 5


def python(settings: Settings) -> Finding:
    """TensorFlow 2.21 has wheels for 3.11 to 3.13."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    cure = "" if fits else "make setup PYTHON=python3.12"
    return Finding(area=AREA, what="Python", health=_health(fits), detail=version, cure=cure)


def cores_and_memory(settings: Settings) -> Finding:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    enough = memory >= MEMORY_GIB
    return Finding(
        area=AREA,
        what="cores and memory",
        health=_health(enough),
        detail=f"{os.cpu_count()} cores, {memory:.1f} GiB",
        cure="" if enough else f"the demo needs about {MEMORY_GIB} GiB of memory",
    )


def disk(settings: Settings) -> Finding:
    folder = settings.data.dir
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free / GIB
    enough = free >= DISK_GIB
    return Finding(
        area=AREA,
        what="disk for data.dir",
        health=_health(enough),
        detail=f"{free:.0f} GiB free for {folder}",
        cure="" if enough else "free some space, or set data.dir to another disk",
    )


def gpu(settings: Settings) -> Finding:
    """Only training and GPU index kinds use one."""
    absent = Finding(
        area=AREA,
        what="NVIDIA GPU",
        health=Health.ABSENT,
        detail="none seen",
        cure="everything runs on CPU; for training on a GPU: pip install --require-hashes -r requirements/gpu.txt",
    )
    if not Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is None:
        return absent
    asked = subprocess.run(
        ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    if asked.returncode != 0:
        return absent
    return Finding(area=AREA, what="NVIDIA GPU", health=Health.OK, detail="; ".join(asked.stdout.strip().splitlines()))


def _health(fine: bool) -> Health:
    return Health.OK if fine else Health.BROKEN
