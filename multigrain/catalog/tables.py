"""Every table of the SQL store, on one page. A change here needs a migration; a test compares the two.

Lengths are judged at the doors, so text has none here.
"""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("item_no", sa.BigInteger, primary_key=True, autoincrement=False, comment="dense, from 1, never reused"),
    sa.Column("item_id", sa.Text, nullable=False, unique=True),
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
    sa.Column("revision", sa.BigInteger, nullable=False, unique=True, comment="of the catalogue, at its last change"),
)

catalogue_revision = sa.Table(
    "catalogue_revision",
    metadata,
    sa.Column("only_row", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("last_item_no", sa.BigInteger, nullable=False),
    sa.CheckConstraint("only_row = 1", name="one_row"),
)
"""One row. Whoever changes the catalogue holds its lock to the commit: so revisions become visible in their order."""

user_events = sa.Table(
    "user_events",
    metadata,
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("at_ms", sa.BigInteger, primary_key=True, autoincrement=False, comment="a partition holds a day of it"),
    sa.Column("action", sa.SmallInteger, comment="NULL: a query"),
    sa.Column("item_id", sa.Text, comment="NULL: a query"),
    sa.Column("search_id", sa.Text),
    sa.Column("query", sa.Text, comment="NULL: an action"),
    sa.Column("leaf_category", sa.Text, nullable=False),
    sa.Column("top_category", sa.Text, nullable=False),
    sa.Column("brand", sa.Text, nullable=False),
    sa.Column("shop", sa.Text, nullable=False),
    sa.Index(None, "user_id", "at_ms"),
    postgresql_partition_by="RANGE (at_ms)",
)
"""Of the whole history that is kept. Days are made by features/days.py and dropped by features/retention.py."""

user_states = sa.Table(
    "user_states",
    metadata,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("state", sa.LargeBinary, nullable=False, comment="multigrain.v1.StoredUserState"),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("newest_ms", sa.BigInteger, comment="of its behaviours; NULL: it has none"),
)

generations = sa.Table(
    "generations",
    metadata,
    sa.Column("generation_id", sa.Text, primary_key=True),
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
    sa.Column("verdict", sa.JSON(none_as_null=True), comment="of the evaluation gate; NULL: it was not asked"),
    sa.Column("override", sa.Text, nullable=False, server_default="", comment="why it may go live all the same"),
    sa.Column("lease_until_ms", sa.BigInteger, comment="of its builder; NULL: nobody builds it"),
    sa.Column("dropped_ms", sa.BigInteger, comment="when its index was given up; NULL: it has it"),
    sa.CheckConstraint("state IN ('building', 'ready', 'live', 'retired', 'failed')", name="state"),
    sa.Index(
        "uq_generations_one_live",
        "state",
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    ),
)

stream_positions = sa.Table(
    "stream_positions",
    metadata,
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("next_offset", sa.BigInteger, nullable=False, comment="the first record that is not yet in the stores"),
    sa.Column("committed_ms", sa.BigInteger, nullable=False),
)

archive_batches = sa.Table(
    "archive_batches",
    metadata,
    sa.Column(
        "batch_no",
        # Only of an INTEGER does SQLite hand out the numbers.
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        comment="later batches of one partition have higher ones",
    ),
    sa.Column("log_table", sa.Text, nullable=False, comment="searches or events"),
    sa.Column("row_count", sa.Integer, nullable=False),
    sa.Column("first_ms", sa.BigInteger, nullable=False, comment="of what happened, the earliest time"),
    sa.Column("last_ms", sa.BigInteger, nullable=False),
    sa.Column("staged_ms", sa.BigInteger, nullable=False),
    sa.Column("roll", sa.BigInteger, comment="which makes a file of it; NULL: none yet"),
    sa.Column("size_bytes", sa.Integer, nullable=False, comment="of packed, which then need not be read to be summed"),
    sa.Column("packed", sa.LargeBinary, nullable=False, comment="the rows, an Arrow stream"),
)

archive_roll = sa.Table(
    "archive_roll",
    metadata,
    sa.Column("only_row", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("last_roll", sa.BigInteger, nullable=False),
    sa.Column("taken_ms", sa.BigInteger, nullable=False, comment="when somebody took it up; 0: nobody ever did"),
    sa.CheckConstraint("only_row = 1", name="one_row"),
)
"""One row. Whoever marks batches for a roll holds its lock: so there is one unfinished roll at most."""
