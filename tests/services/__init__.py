"""The real Milvus, Kafka and PostgreSQL, for tests and for `make up`.

In a test, ask for a fixture of `fixtures.py`. Elsewhere `resolve("milvus")` gives a `Service`, or an `Unavailable`
that says why not and what to do. `python -m tests.services up` starts all three for a person at work.

Each is looked for in three places, in this order: an address in MULTIGRAIN_TEST_MILVUS, MULTIGRAIN_TEST_KAFKA or
MULTIGRAIN_TEST_POSTGRES; a container, if a Docker daemon answers; a local process. What a local process needs is
downloaded once.

To run tests on the servers of `up`: MULTIGRAIN_TEST_MILVUS=$MULTIGRAIN_MILVUS_URI, and so on.
"""

from tests.services.resolution import resolve, start_own, stop_all
from tests.services.service import Service
from tests.services.unavailable import Unavailable

__all__ = ["Service", "Unavailable", "resolve", "start_own", "stop_all"]
