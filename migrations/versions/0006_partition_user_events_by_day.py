"""Partition user_events by day on PostgreSQL; everywhere the time of an event belongs to its primary key.

Existing rows are copied in the one transaction of the migration: until it ends, the table is locked, and there twice.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

DAY_MS = 86_400_000
COLUMNS = "event_id, user_id, at_ms, action, item_id, search_id, query, leaf_category, top_category, brand, shop"


def upgrade() -> None:
    _move_aside()
    if _on_postgres():
        _create(("event_id", "at_ms"), postgresql_partition_by="RANGE (at_ms)")
        _create_days()
    else:
        _create(("event_id", "at_ms"))
    op.execute(f"INSERT INTO user_events ({COLUMNS}) SELECT {COLUMNS} FROM user_events_before")  # noqa: S608  # ours
    op.drop_table("user_events_before")


def downgrade() -> None:
    _move_aside()
    _create(("event_id",))
    # Of an id that is there at two times, only the earlier one fits.
    op.execute(
        f"INSERT INTO user_events ({COLUMNS}) SELECT {COLUMNS} FROM user_events_before WHERE true "  # noqa: S608  # ours
        "ORDER BY at_ms ON CONFLICT DO NOTHING"
    )
    op.drop_table("user_events_before")


def _on_postgres() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _move_aside() -> None:
    """Names of indexes are unique in the schema, so they go first."""
    op.drop_index("ix_user_events_user_id_at_ms", "user_events")
    op.rename_table("user_events", "user_events_before")
    if _on_postgres():
        op.execute("ALTER INDEX pk_user_events RENAME TO pk_user_events_before")


def _create(key: tuple[str, ...], **options: Any) -> None:  # Any: options of a dialect
    op.create_table(
        "user_events",
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column(
            "at_ms",
            sa.BigInteger,
            nullable=False,
            autoincrement=False,
            comment="a partition holds a day of it" if "at_ms" in key else None,
        ),
        sa.Column("action", sa.SmallInteger, comment="NULL: a query"),
        sa.Column("item_id", sa.Text, comment="NULL: a query"),
        sa.Column("search_id", sa.Text),
        sa.Column("query", sa.Text, comment="NULL: an action"),
        sa.Column("leaf_category", sa.Text, nullable=False),
        sa.Column("top_category", sa.Text, nullable=False),
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("shop", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint(*key, name="pk_user_events"),
        **options,
    )
    op.create_index("ix_user_events_user_id_at_ms", "user_events", ["user_id", "at_ms"])


def _create_days() -> None:
    """One for each day of which there are rows, named and bounded as multigrain/features/days.py does it."""
    rows = op.get_bind().execute(sa.text(f"SELECT DISTINCT at_ms / {DAY_MS} FROM user_events_before"))  # noqa: S608  # ours
    for day in sorted(rows.scalars()):
        name = f"user_events_{datetime.fromtimestamp(day * 86_400, UTC):%Y%m%d}"
        op.execute(
            f"CREATE TABLE {name} PARTITION OF user_events FOR VALUES FROM ({day * DAY_MS}) TO ({(day + 1) * DAY_MS})"
        )
