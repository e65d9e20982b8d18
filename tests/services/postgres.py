"""PostgreSQL as a local process: the newest one that the distribution has installed.

It listens on loopback only, has no socket file, trusts every local connection, and does not wait for the disk
(`fsync=off`): data survive a kill of the server, not of the machine.
"""

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path
from typing import ClassVar, LiteralString

from tests.services.ports import is_listening
from tests.services.server import Command, LocalServer
from tests.services.unavailable import CannotProvide

# Debian keeps each release in a folder of its own, off PATH.
DEBIAN = Path("/usr/lib/postgresql")
INSTALL = "install PostgreSQL 15 or newer (Debian: apt-get install postgresql; macOS: brew install postgresql@16)"


class PostgresServer(LocalServer):
    name: ClassVar[str] = "postgres"
    port_count: ClassVar[int] = 1
    # The fast shutdown: the default one, by SIGTERM, would wait for the clients to go.
    gentle_signal: ClassVar[signal.Signals] = signal.SIGINT

    @property
    def address(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.ports[0]}/postgres"

    @property
    def version(self) -> str:
        return _version(binaries())

    def prepare(self) -> Command:
        programs = binaries()
        user = _server_user()
        data = self.folder / "data"
        if not data.exists():
            _initialise(programs, data, user)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.ports[0],
            "unix_socket_directories": "",
            "fsync": "off",
        }
        words = [str(programs / "postgres"), "-D", str(data)]
        for name, value in settings.items():
            words += ["-c", f"{name}={value}"]
        return Command(words, user=user)

    def answers(self) -> bool:
        # Imported here, for a run without PostgreSQL need not have it.
        import psycopg

        if not is_listening(self.ports[0]):
            return False
        try:
            with psycopg.connect(plain_url(self.address), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


def plain_url(sqlalchemy_url: str) -> str:
    """What libpq understands: the URL without SQLAlchemy's driver."""
    return re.sub(r"^postgresql\+\w+://", "postgresql://", sqlalchemy_url)


def create_database(server_url: str, name: str) -> str:
    """The URL of a fresh, empty database on that server."""
    _administer(server_url, "CREATE DATABASE {}", name)
    return url_of(server_url, name)


def ensure_database(server_url: str, name: str) -> None:
    """Creates it if there is none."""
    import psycopg

    with contextlib.suppress(psycopg.errors.DuplicateDatabase):
        create_database(server_url, name)


def drop_database(server_url: str, name: str) -> None:
    """Drops it, and the connections that still use it."""
    _administer(server_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def url_of(server_url: str, database: str) -> str:
    """The URL of another database on the same server."""
    return re.sub(r"(?<=[^/])/[^/?]*(?=\?|$)", f"/{database}", server_url)


def _administer(server_url: str, statement: LiteralString, database: str) -> None:
    import psycopg
    from psycopg import sql

    # CREATE and DROP DATABASE cannot run inside a transaction.
    with psycopg.connect(plain_url(server_url), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(database)))


@cache
def binaries() -> Path:
    """The folder with `postgres` and `initdb` of the newest release found."""
    releases = [path.parent.parent for path in DEBIAN.glob("*/bin/postgres")]
    if releases:
        return max(releases, key=lambda release: float(release.name)) / "bin"
    on_path = shutil.which("postgres")
    if on_path is None:
        raise CannotProvide(f"there is no PostgreSQL server in {DEBIAN} or on PATH", cure=INSTALL)
    return Path(on_path).resolve().parent


@cache
def _version(programs: Path) -> str:
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[2]


def _server_user() -> str | None:
    """Who runs the server. None: whoever we are, unless that is root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise CannotProvide(
            "PostgreSQL does not run as root, and there is no user `postgres` to run it as",
            cure=f"{INSTALL}, which makes that user, or run as somebody else than root",
        ) from None


def _initialise(programs: Path, data: Path, user: str | None) -> None:
    # Under another name first: what an interrupted initdb leaves behind looks like a database and is none.
    part = data.with_name("data.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    if user:
        shutil.chown(part, user, user)
        if _run(["sh", "-c", 'cd "$0"', str(part)], user).returncode:
            raise CannotProvide(
                f"the user {user}, who must run PostgreSQL for root, cannot enter {data.parent}",
                cure="choose one that it can, for example below /var/tmp: with --dir for `up`, with TMPDIR for tests",
            )
    options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    done = _run([str(programs / "initdb"), "-D", str(part), *options], user)
    if done.returncode:
        raise CannotProvide(
            f"initdb failed: {done.stderr.strip()[-800:]}", cure=f"see that {data.parent} can be written and has room"
        )
    part.rename(data)


def _run(words: list[str], user: str | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        capture_output=True,
        text=True,
        check=False,
    )
