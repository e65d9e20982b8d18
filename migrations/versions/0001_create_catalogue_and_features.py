"""Create the catalogue and the features: items, their revision counter, user events and user states."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "items",
        sa.Column("item_no", sa.BigInteger, autoincrement=False, comment="dense, from 1, never reused"),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("category_path", sa.JSON, nullable=False, comment="a list, top category first"),
        sa.Column("shop", sa.Text, nullable=False),
        sa.Column("price", sa.Double, nullable=False),
        sa.Column("stock", sa.BigInteger, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("source_version", sa.BigInteger, nullable=False),
        sa.Column("tower_hash", sa.LargeBinary, nullable=False, comment="of what the item tower reads"),
        sa.Column("revision", sa.BigInteger, nullable=False, comment="of the catalogue, at its last change"),
        sa.PrimaryKeyConstraint("item_no", name="pk_items"),
        sa.UniqueConstraint("item_id", name="uq_items_item_id"),
        sa.UniqueConstraint("revision", name="uq_items_revision"),
    )
    counter = op.create_table(
        "catalogue_revision",
        sa.Column("only_row", sa.SmallInteger, autoincrement=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("last_item_no", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("only_row", name="pk_catalogue_revision"),
        sa.CheckConstraint("only_row = 1", name="ck_catalogue_revision_one_row"),
    )
    op.bulk_insert(counter, [{"only_row": 1, "revision": 0, "last_item_no": 0}])
    op.create_table(
        "user_events",
        sa.Column("event_id", sa.Text),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("action", sa.SmallInteger, comment="NULL: a query"),
        sa.Column("item_id", sa.Text, comment="NULL: a query"),
        sa.Column("search_id", sa.Text),
        sa.Column("query", sa.Text, comment="NULL: an action"),
        sa.Column("leaf_category", sa.Text, nullable=False),
        sa.Column("top_category", sa.Text, nullable=False),
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("shop", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_user_events"),
    )
    op.create_index("ix_user_events_user_id_at_ms", "user_events", ["user_id", "at_ms"])
    op.create_table(
        "user_states",
        sa.Column("user_id", sa.Text),
        sa.Column("state", sa.LargeBinary, nullable=False, comment="multigrain.v1.StoredUserState"),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("newest_ms", sa.BigInteger, comment="of its behaviours; NULL: it has none"),
        sa.PrimaryKeyConstraint("user_id", name="pk_user_states"),
    )


def downgrade() -> None:
    op.drop_table("user_states")
    op.drop_table("user_events")
    op.drop_table("catalogue_revision")
    op.drop_table("items")
