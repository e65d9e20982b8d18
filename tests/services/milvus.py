"""Milvus as a local process: the real standalone server of the PyPI wheel `milvus`, without the wheel's wrapper.

The wrapper moves to other ports without a word and takes a minute to come back after a crash. Started by us, the
server has fixed ports and short leases: 2 to 3 s to start, 7 to 8 s to come back.

Milvus 2.3 cannot be told where to listen: `ip` is only what its components tell one another, and except for its etcd
every port is open on all interfaces, without a password. Do not run it on a machine that others can reach.
"""

import json
import os
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.services.milvus_wheel import fetch, pinned_version
from tests.services.ports import is_listening
from tests.services.server import Command, LocalServer
from tests.services.unavailable import CannotProvide

# Where the server keeps small files of its own; it cannot be told another place.
RUNTIME = Path("/tmp/milvus")
COMPONENTS = ("rootCoord", "queryCoord", "queryNode", "indexCoord", "indexNode", "dataCoord", "dataNode")


class MilvusServer(LocalServer):
    name: ClassVar[str] = "milvus"
    port_count: ClassVar[int] = 5 + len(COMPONENTS)
    # It needs three when it can be had at all: told to stop before it has settled, it waits for parts of itself that
    # are gone.
    grace_seconds: ClassVar[float] = 5

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def version(self) -> str:
        return pinned_version()

    def prepare(self) -> Command:
        binaries = fetch()
        _share_runtime_folder()
        configuration = self.folder / "configs"
        configuration.mkdir(exist_ok=True)
        # JSON is YAML.
        (configuration / "milvus.yaml").write_text(json.dumps(self._settings(), indent=2))
        (configuration / "etcd.yaml").write_text(json.dumps(self._etcd_settings(), indent=2))
        (configuration / "glog.conf").write_text("--logtostderr=true\n--minloglevel=1\n")
        return Command(
            [str(binaries / "milvus"), "run", "standalone"],
            environment={
                "DEPLOY_MODE": "STANDALONE",
                "METRICS_PORT": str(self._health_port),
                "MILVUSCONF": str(configuration),
                "MILVUS_RUN_DIR": str(self.folder / "run"),
                "LD_LIBRARY_PATH": str(binaries),
                "GOMEMLIMIT": "4GiB",
            },
        )

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._health_port}/healthz", timeout=2) as reply:
                healthy = b"OK" in reply.read()
        except OSError:
            return False
        # Healthy is not enough: the server would also be healthy on a port that it chose by itself.
        return healthy and is_listening(self.ports[0])

    @staticmethod
    def litter(pid: int) -> list[Path]:
        return [RUNTIME / f"server_id_{pid}"]

    @property
    def _health_port(self) -> int:
        return self.ports[4]

    def _settings(self) -> Mapping[str, object]:
        port, internal_port, etcd_port, _, _, *component_ports = self.ports
        components: dict[str, dict[str, object]] = {
            name: {"ip": "127.0.0.1", "port": own} for name, own in zip(COMPONENTS, component_ports, strict=True)
        }
        # A search that must see every earlier write waits for the next tick; the default is 200 ms.
        components["proxy"] = {
            "ip": "127.0.0.1",
            "port": port,
            "internalPort": internal_port,
            "timeTickInterval": 50,
            "ginLogging": False,
        }
        components["queryCoord"] |= {"checkInterval": 100, "distPullInterval": 100, "checkHandoffInterval": 500}
        return {
            **components,
            "etcd": {
                "endpoints": f"127.0.0.1:{etcd_port}",
                "use": {"embed": True},
                "config": {"path": str(self.folder / "configs" / "etcd.yaml")},
                "data": {"dir": str(self.folder / "etcd")},
                "log": {"level": "error", "path": "stderr"},
            },
            "metastore": {"type": "etcd"},
            "mq": {"type": "rocksmq"},
            "rocksmq": {"path": str(self.folder / "rocksmq")},
            "localStorage": {"path": str(self.folder / "objects")},
            "log": {"level": "warn"},
            "common": {
                "storageType": "local",
                # How long after a crash the old sessions stand in the way of the new ones: 30 s by default.
                "session": {"ttl": 5},
                "gracefulStopTimeout": 3,
            },
            # Not the quotas but their loop is wanted: without it the server waits for ever when told to stop.
            "quotaAndLimits": {"enabled": True},
        }

    def _etcd_settings(self) -> Mapping[str, str]:
        clients, peers = (f"http://127.0.0.1:{port}" for port in self.ports[2:4])
        return {
            "name": "default",
            "data-dir": str(self.folder / "etcd"),
            "listen-client-urls": clients,
            "advertise-client-urls": clients,
            "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers,
            "initial-cluster": f"default={peers}",
        }


def _share_runtime_folder() -> None:
    """Without this, the first user of the machine to run Milvus would shut out every other."""
    RUNTIME.mkdir(exist_ok=True)
    if RUNTIME.stat().st_uid == os.geteuid():
        RUNTIME.chmod(0o1777)
    if not os.access(RUNTIME, os.W_OK | os.X_OK):
        raise CannotProvide(
            f"{RUNTIME}, where Milvus must write, belongs to {RUNTIME.owner()}", cure=f"sudo chmod 1777 {RUNTIME}"
        )
