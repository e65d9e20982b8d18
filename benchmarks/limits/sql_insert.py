"""Bare inserts: rows a second that the SQL store takes when nothing of ours is around them."""

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table

from benchmarks.bench import seconds_of

TABLE = Table(
    "bench_insert", MetaData(), Column("id", Integer, primary_key=True), Column("payload", String(200), nullable=False)
)


def insert_rows_per_second(engine: Engine, *, batch: int, repeats: int = 10) -> list[float]:
    """One transaction of `batch` rows, again and again, into a table of its own that is dropped afterwards."""
    TABLE.metadata.drop_all(engine)
    TABLE.metadata.create_all(engine)
    numbers = iter(range(10_000_000))

    def insert() -> None:
        with engine.begin() as connection:
            connection.execute(TABLE.insert(), [{"id": next(numbers), "payload": "x" * 120} for _ in range(batch)])

    try:
        return [batch / s for s in seconds_of(insert, repeats=repeats)]
    finally:
        TABLE.metadata.drop_all(engine)
