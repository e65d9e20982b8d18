"""The bare read: one user's row by primary key, through nothing but the driver, its statement planned beforehand."""

import sqlalchemy as sa

from benchmarks.bench import seconds_of

READ = {
    "postgresql": "SELECT state FROM user_states WHERE user_id = %b",
    "sqlite": "SELECT state FROM user_states WHERE user_id = ?",
}


def read_seconds(engine: sa.Engine, user_ids: list[str]) -> list[float]:
    """Seconds of each read, one after the other on one connection."""
    ids = iter([*user_ids[:10], *user_ids])
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()

        def read() -> None:
            cursor.execute(READ[engine.dialect.name], (next(ids),))
            cursor.fetchone()

        return seconds_of(read, repeats=len(user_ids), warmups=len(user_ids[:10]))
    finally:
        connection.close()
