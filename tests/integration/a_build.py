"""A builder as a process of its own, to be killed: `python -m tests.integration.a_build STEP DATABASE MILVUS NAME`.

It builds as `multigrain publish` does, from a catalogue that is there, with an encoder of words. At STEP it says so on
standard output and sleeps.
"""

import sys
import time

from multigrain import database
from multigrain.index.milvus import MilvusStore
from tests.flow.test_hand_over import Shop


def main(step: str, address: str, milvus: str, name: str) -> None:
    def at_step(reached: str) -> None:
        if reached == step:
            print(reached, flush=True)
            time.sleep(600)

    shop = Shop(database.open_database(address), MilvusStore(milvus, strong=True))
    shop.at_step = at_step
    shop.build(name)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
