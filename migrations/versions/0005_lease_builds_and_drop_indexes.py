"""Keep until when a builder is alive, and when a retired generation lost its index."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "generations", sa.Column("lease_until_ms", sa.BigInteger, comment="of its builder; NULL: nobody builds it")
    )
    op.add_column(
        "generations", sa.Column("dropped_ms", sa.BigInteger, comment="when its index was given up; NULL: it has it")
    )


def downgrade() -> None:
    op.drop_column("generations", "dropped_ms")
    op.drop_column("generations", "lease_until_ms")
