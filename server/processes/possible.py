"""Whether these settings can be served by several processes at all: asked before any of them starts."""

import sys

from multigrain.errors import InvalidConfig
from multigrain.settings import Settings

FIELD = "server.processes"


def refuse_impossible(settings: Settings, *, platform: str = sys.platform) -> None:
    """Raises InvalidConfig with what would work."""
    count = settings.server.processes
    if platform != "linux":
        # Elsewhere SO_REUSEPORT is missing, or gives all connections to the process that came last.
        problem = f"is {count}, and this system does not spread the connections of a port over processes"
        raise InvalidConfig(FIELD, problem, cure="serve with one process, or on Linux")
    if "://" not in settings.milvus_uri:
        problem = f"is {count}, and Milvus Lite opens {settings.milvus_uri} for one process only"
        raise InvalidConfig(FIELD, problem, cure="set milvus.uri to a server, or serve with one process")
