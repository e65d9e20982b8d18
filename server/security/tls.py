"""TLS: server credentials of the files that the settings name. A renewed certificate is served without a restart.

gRPC asks for the certificate before each handshake, so what is on disk counts for the next connection. Connections that
are open go on with the one they began with.
"""

import logging
import ssl
from dataclasses import dataclass
from pathlib import Path

import grpc

from multigrain.errors import InvalidConfig
from multigrain.settings import ServerSettings
from multigrain.telemetry import LOG_FIELDS

log = logging.getLogger(__name__)

CERT, KEY, CLIENT_CA = "server.tls_cert", "server.tls_key", "server.tls_client_ca"


@dataclass(frozen=True, slots=True)
class Pems:
    """The files' content at one moment."""

    cert: bytes
    key: bytes
    client_ca: bytes | None
    """None: clients need no certificate."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where they lie."""

    cert: Path
    key: Path
    client_ca: Path | None

    def read(self) -> Pems:
        """Raises InvalidConfig for a file that cannot be read."""
        return Pems(
            _read(CERT, self.cert),
            _read(KEY, self.key),
            None if self.client_ca is None else _read(CLIENT_CA, self.client_ca),
        )

    def check(self, pems: Pems) -> None:
        """Raises InvalidConfig unless certificate, key and CA are what they should be, and these are still on disk."""
        _check_certificates(CERT, pems.cert)
        if pems.client_ca is not None:
            _check_certificates(CLIENT_CA, pems.client_ca)
        _check_key(self.cert, self.key)
        # OpenSSL read the files itself: had they changed in between, the pair that fits would not be this one.
        if self.read() != pems:
            raise InvalidConfig(CERT, "was replaced while it was read", cure="try again")


class Certificates:
    """What gRPC is given at the start, and asked for again before each handshake."""

    def __init__(self, files: Files) -> None:
        """Raises InvalidConfig: a server does not start with a certificate that nobody could use."""
        self._files = files
        self._served = files.read()
        self._problem = ""
        files.check(self._served)

    def credentials(self) -> grpc.ServerCredentials:
        """With a client CA, a client without a certificate of it gets no connection."""
        return grpc.dynamic_ssl_server_credentials(
            _configuration(self._served),
            self.renewed,
            require_client_authentication=self._served.client_ca is not None,
        )

    def renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """What is to be served from now on; None: what was served before. Called in a thread of gRPC, never raises."""
        try:
            pems = self._files.read()
            if pems == self._served:
                return None
            self._files.check(pems)
        except InvalidConfig as error:
            self._tell_once(error)
            return None
        self._served = pems
        self._problem = ""
        log.info("certificate renewed", extra={LOG_FIELDS: {"cert": str(self._files.cert)}})
        return _configuration(pems)

    def _tell_once(self, error: InvalidConfig) -> None:
        # Not with each connection: a busy server makes hundreds a second.
        if str(error) != self._problem:
            self._problem = str(error)
            log.error("certificate cannot be renewed, the former stays", extra={LOG_FIELDS: {"error": str(error)}})


def server_credentials(settings: ServerSettings) -> grpc.ServerCredentials | None:
    """None without a certificate: plain text. Raises InvalidConfig that names the setting."""
    cert, key = settings.tls_cert, settings.tls_key
    if cert is None and key is None:
        if settings.tls_client_ca is not None:
            raise InvalidConfig(CLIENT_CA, "is set, and no certificate of our own", cure=f"set {CERT} and {KEY}")
        return None
    if cert is None:
        raise InvalidConfig(KEY, f"is set, and {CERT} is not", cure="set both, or none")
    if key is None:
        raise InvalidConfig(CERT, f"is set, and {KEY} is not", cure="set both, or none")
    return Certificates(Files(cert, key, settings.tls_client_ca)).credentials()


def _configuration(pems: Pems) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(pems.key, pems.cert)], root_certificates=pems.client_ca)


def _read(setting: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror}"
        raise InvalidConfig(setting, problem, cure="name a PEM file that this user may read") from None


def _check_certificates(setting: str, pem: bytes) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=pem.decode("ascii", errors="ignore"))
    except (ssl.SSLError, ValueError):
        raise InvalidConfig(setting, "holds no certificate", cure="name a PEM file of certificates") from None


def _check_key(cert: Path, key: Path) -> None:
    try:
        # Without a password to try, OpenSSL would ask for one at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: "")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise InvalidConfig(KEY, f"does not fit the certificate in {CERT}", cure="name the pair") from None
        raise InvalidConfig(KEY, "holds no private key without a password", cure="name a plain PEM key") from None
    except OSError as error:
        raise InvalidConfig(KEY, f"went away while it was read: {error.strerror}", cure="try again") from None
