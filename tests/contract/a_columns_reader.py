"""A process that is given columns by their descriptor, and says each price of item 1 that it sees, and when."""

import sys
import time

from multigrain.catalog.columns_reader import ColumnsReader
from multigrain.catalog.memory import SharedMemory


def main(fd: int) -> None:
    reader = ColumnsReader(SharedMemory.to_read(fd))
    seen: float | None = -1.0
    while True:
        columns = reader.latest
        price = None if columns is None else float(columns.price[columns.item_no_of("sku-1") or 0])
        if price != seen:
            print(price, time.time(), flush=True)
            seen = price
        time.sleep(0.005)


if __name__ == "__main__":
    main(int(sys.argv[1]))
