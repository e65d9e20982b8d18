"""Create the generations, of which at most one is live."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "generations",
        sa.Column("generation_id", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("bundle_id", sa.Text, nullable=False),
        sa.Column("bundle_path", sa.Text, nullable=False),
        sa.Column("collection", sa.Text, nullable=False),
        sa.Column("index_spec", sa.JSON, nullable=False),
        sa.Column("dims", sa.Integer, nullable=False),
        sa.Column("catalogue_revision", sa.BigInteger, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("became_live_ms", sa.BigInteger, comment="orders rollbacks; NULL: never live, or rolled back from"),
        sa.Column("scores", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("generation_id", name="pk_generations"),
        sa.CheckConstraint("state IN ('building', 'ready', 'live', 'retired', 'failed')", name="ck_generations_state"),
    )
    op.create_index(
        "uq_generations_one_live",
        "generations",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )


def downgrade() -> None:
    op.drop_table("generations")
