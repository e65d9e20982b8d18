"""One warning for a server that the network can reach and nothing protects."""

import logging

from multigrain.loopback import is_loopback
from multigrain.settings import ServerSettings
from multigrain.telemetry import LOG_FIELDS

log = logging.getLogger(__name__)


def warn_if_exposed(settings: ServerSettings) -> None:
    """Writes to the log what is missing; nothing on a loopback address, which only this machine reaches."""
    wanted = {"TLS (server.tls_cert)": settings.tls_cert, "tokens (server.tokens_file)": settings.tokens_file}
    lacking = [name for name, value in wanted.items() if value is None]
    if lacking and not is_loopback(settings.host):
        log.warning(
            "other machines can reach this server, and it runs without %s: see docs/security.md",
            " and without ".join(lacking),
            extra={LOG_FIELDS: {"host": settings.host}},
        )
