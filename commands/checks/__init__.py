"""What `multigrain doctor` looks at. CHECKS is the list; each function looks and changes nothing."""

from commands.checks import configured, local_stack, machine, packages
from commands.checks.check import Check

CHECKS: tuple[Check, ...] = (
    machine.python,
    machine.cores_and_memory,
    machine.disk,
    machine.gpu,
    packages.server,
    packages.streaming,
    packages.trainer,
    packages.embedded,
    configured.sql,
    configured.milvus,
    configured.kafka,
    configured.live_generation,
    configured.generations,
    configured.index_plan,
    local_stack.docker,
    local_stack.milvus_server,
    local_stack.kafka_broker,
    local_stack.postgres,
)
