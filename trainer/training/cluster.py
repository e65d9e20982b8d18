"""Which machines train together: TF_CONFIG, TensorFlow's own variable, read and checked before TensorFlow sees it.

TensorFlow itself answers a wrong one with a wait that never ends, or with an error that names no cure.
"""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from multigrain.errors import InvalidConfig

VARIABLE = "TF_CONFIG"
CURE = (
    'set it for each worker, as in {"cluster": {"worker": ["host-a:2222", "host-b:2222"]}, '
    '"task": {"type": "worker", "index": 0}}, index 0 on host-a and 1 on host-b'
)


class _Machines(BaseModel):
    chief: tuple[str, ...] = Field((), max_length=1)
    """Nobody: the first worker is the chief."""
    worker: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        for address in (*self.chief, *self.worker):
            host, _, port = address.rpartition(":")
            if not (host and port.isdigit()):
                raise ValueError(f"{address!r} is no host:port")
        return self


class _Task(BaseModel):
    type: Literal["chief", "worker"]
    index: int = Field(ge=0)


class Cluster(BaseModel):
    """Who trains together, and which of them this process is."""

    cluster: _Machines
    task: _Task

    @property
    def machines(self) -> int:
        return len(self.cluster.chief) + len(self.cluster.worker)

    @property
    def is_chief(self) -> bool:
        return self.task.type == ("chief" if self.cluster.chief else "worker") and self.task.index == 0

    @model_validator(mode="after")
    def _task_is_in_the_cluster(self) -> Self:
        machines = getattr(self.cluster, self.task.type)
        if self.task.index >= len(machines):
            raise ValueError(f"task {self.task.type} {self.task.index} is not among the {len(machines)} of the cluster")
        return self


def cluster_of(environment: Mapping[str, str]) -> Cluster:
    """Raises InvalidConfig naming what is wrong and how it should look."""
    given = environment.get(VARIABLE)
    if not given:
        raise InvalidConfig(VARIABLE, 'is not set, and run.spread = "workers" reads the machines from it', cure=CURE)
    try:
        return Cluster.model_validate_json(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join((VARIABLE, *map(str, first["loc"])))
        raise InvalidConfig(place, first["msg"], cure=CURE) from None
