"""Create the stream positions: how far each partition is in the stores."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "stream_positions",
        sa.Column("topic", sa.Text),
        sa.Column("partition", sa.Integer, autoincrement=False),
        sa.Column(
            "next_offset", sa.BigInteger, nullable=False, comment="the first record that is not yet in the stores"
        ),
        sa.Column("committed_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition", name="pk_stream_positions"),
    )


def downgrade() -> None:
    op.drop_table("stream_positions")
