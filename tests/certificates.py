"""Certificates for one test, made by openssl: a CA of its own, and what it signs for this machine."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA in a folder."""

    folder: Path
    cert: Path
    key: Path

    def sign(self, name: str) -> Pair:
        """A pair for 127.0.0.1, whose subject is the name."""
        pair = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request, names = self.folder / f"{name}.csr", self.folder / "names"
        names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        _openssl("req", *KEY, "-keyout", pair.key, "-out", request, "-subj", f"/CN={name}")
        signed = ("-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-days", "2", "-extfile", names)
        _openssl("x509", "-req", "-in", request, "-out", pair.cert, *signed)
        return pair


def an_authority(folder: Path) -> Authority:
    """A fresh CA; another one's certificates mean nothing to it."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Authority(folder, folder / "ca.pem", folder / "ca.key")
    _openssl("req", "-x509", *KEY, "-keyout", made.key, "-out", made.cert, "-subj", "/CN=a test's CA", "-days", "2")
    return made


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
