"""Keep what the evaluation gate said of a generation, and why a person overrode it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "generations", sa.Column("verdict", sa.JSON, comment="of the evaluation gate; NULL: it was not asked")
    )
    op.add_column(
        "generations",
        sa.Column("override", sa.Text, nullable=False, server_default="", comment="why it may go live all the same"),
    )


def downgrade() -> None:
    op.drop_column("generations", "override")
    op.drop_column("generations", "verdict")
