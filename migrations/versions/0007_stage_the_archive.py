"""Stage the archive: behaviour that waits to become part files of the log folder."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "archive_batches",
        sa.Column(
            "batch_no",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            comment="later batches of one partition have higher ones",
        ),
        sa.Column("log_table", sa.Text, nullable=False, comment="searches or events"),
        sa.Column("row_count", sa.Integer, nullable=False),
        sa.Column("first_ms", sa.BigInteger, nullable=False, comment="of what happened, the earliest time"),
        sa.Column("last_ms", sa.BigInteger, nullable=False),
        sa.Column("staged_ms", sa.BigInteger, nullable=False),
        sa.Column("roll", sa.BigInteger, comment="which makes a file of it; NULL: none yet"),
        sa.Column(
            "size_bytes", sa.Integer, nullable=False, comment="of packed, which then need not be read to be summed"
        ),
        sa.Column("packed", sa.LargeBinary, nullable=False, comment="the rows, an Arrow stream"),
        sa.PrimaryKeyConstraint("batch_no", name="pk_archive_batches"),
    )
    if op.get_context().dialect.name == "postgresql":
        # The server would try to compress what is compressed, and take a quarter of the insert's time for it.
        op.execute("ALTER TABLE archive_batches ALTER COLUMN packed SET STORAGE EXTERNAL")
    counter = op.create_table(
        "archive_roll",
        sa.Column("only_row", sa.SmallInteger, autoincrement=False),
        sa.Column("last_roll", sa.BigInteger, nullable=False),
        sa.Column("taken_ms", sa.BigInteger, nullable=False, comment="when somebody took it up; 0: nobody ever did"),
        sa.PrimaryKeyConstraint("only_row", name="pk_archive_roll"),
        sa.CheckConstraint("only_row = 1", name="ck_archive_roll_one_row"),
    )
    op.bulk_insert(counter, [{"only_row": 1, "last_roll": 0, "taken_ms": 0}])


def downgrade() -> None:
    # What is staged would be lost: run `multigrain archive roll` before.
    op.drop_table("archive_roll")
    op.drop_table("archive_batches")
