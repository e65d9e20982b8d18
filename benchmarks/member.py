"""One of several consumers of a group, as a program. Its arguments: URL BOOTSTRAP TOPIC PARTITIONS BATCH.

It joins, says `ready` once PARTITIONS are its own, and waits for a line, a member all the while; then it takes
everything there is, and says how many events that were.
"""

import sys
import threading

from multigrain import database
from multigrain.garbage import spare_what_stays
from multigrain.registry.sql import wall_clock_ms
from streaming.app import assemble
from streaming.consumer import Limits
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.sources.kafka import KafkaSource


def main(url: str, bootstrap: str, topic: str, *, partitions: int, batch: int) -> None:
    """Runs it."""
    consumer = assemble(
        engine=database.open_database(url),
        open_source=lambda start: KafkaSource(bootstrap, group=topic, topics=(topic,), start=start),
        targets=lambda: (),
        dead_letters=MemoryDeadLetters(),
        limits=Limits(batch_records=batch, batch_seconds=0.05),
        clock_ms=wall_clock_ms,
    )
    spare_what_stays()
    told = threading.Event()
    threading.Thread(target=_wait_for_a_line, args=(told,), daemon=True).start()
    try:
        while len(consumer.source.lag()) != partitions:
            consumer.run()
        print("ready", flush=True)
        consumer.source.pause()
        while not told.is_set():
            consumer.source.poll(1, 0.02)
        consumer.source.resume()
        print(consumer.run().events, flush=True)
    finally:
        consumer.close()


def _wait_for_a_line(told: threading.Event) -> None:
    sys.stdin.readline()
    told.set()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], partitions=int(sys.argv[4]), batch=int(sys.argv[5]))
