"""One of several consumers of a group, as a program. Its arguments: URL BOOTSTRAP TOPIC PARTITIONS BATCH.

It joins, and says `ready` once PARTITIONS are its own. For each line it is given it takes everything there is, and says
how many events that were; in between it reads nothing, a member all the while. It ends with its input.
"""

import sys
import threading
from queue import SimpleQueue

from multigrain import database
from multigrain.garbage import spare_what_stays
from multigrain.registry.sql import wall_clock_ms
from streaming.app import assemble
from streaming.consumer import Limits
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.source import Source
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
    words: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(words,), daemon=True).start()
    try:
        while len(consumer.source.lag()) != partitions:
            consumer.run()
        print("ready", flush=True)
        while _word(words, consumer.source):
            before = consumer.progress.events
            print(consumer.run().events - before, flush=True)
    finally:
        consumer.close()


def _listen(words: "SimpleQueue[str]") -> None:
    for line in sys.stdin:
        words.put(line)
    words.put("")


def _word(words: "SimpleQueue[str]", source: Source) -> str:
    """The next line; empty at the end of the input. Waiting, the source stays in its group."""
    source.pause()
    while words.empty():
        source.poll(1, 0.02)
    source.resume()
    return words.get()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], partitions=int(sys.argv[4]), batch=int(sys.argv[5]))
