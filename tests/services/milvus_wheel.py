"""The Milvus server out of its wheel: downloaded as `requirements/services.txt` pins it, unpacked, not installed."""

import lzma
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.services import cache
from tests.services.unavailable import CannotProvide

REQUIREMENTS = cache.ROOT / "requirements" / "services.txt"
WHEEL_DATA = "milvus/data/"
ELSEWHERE = (
    "start one with Docker (POSTGRES_PASSWORD=none docker compose -f docker/compose.yaml up -d milvus) and "
    "export MULTIGRAIN_TEST_MILVUS=http://127.0.0.1:19530"
)


def fetch() -> Path:
    """The folder with the server and its libraries, downloaded and unpacked at most once."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise CannotProvide(
            f"milvus {pinned_version()} comes for Linux on x86_64 only, this is {sys.platform} on {platform.machine()}",
            cure=ELSEWHERE,
        )
    version = pinned_version()
    return cache.obtain(f"milvus-{version}", _download_and_unpack, what=f"milvus {version} (58 MB)")


def pinned_version() -> str:
    pin = re.search(r"^milvus==(\S+)", REQUIREMENTS.read_text(), re.MULTILINE)
    if pin is None:
        raise ValueError(f"{REQUIREMENTS} pins no milvus: it should have a line `milvus==VERSION` with hashes")
    return pin.group(1)


def _download_and_unpack(folder: Path) -> None:
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run(
        [*download, "--require-hashes", "-r", str(REQUIREMENTS), "-d", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotProvide(
            f"pip could not download milvus=={pinned_version()}: {done.stderr.strip()[-800:]}",
            cure=f"with a package index in reach run `python -m tests.services fetch`, or {ELSEWHERE}",
        )
    (wheel,) = folder.glob("milvus-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if member.startswith(f"{WHEEL_DATA}bin/") and member.endswith(".lzma"):
                binary = folder / Path(member).stem
                with archive.open(member) as packed, lzma.open(packed) as unpacked, binary.open("wb") as file:
                    shutil.copyfileobj(unpacked, file, 1 << 20)
                binary.chmod(0o755)
    wheel.unlink()
