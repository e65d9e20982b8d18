"""What alembic runs for every step of the schema. It works on the connection that multigrain/database.py gives it."""

from alembic import context

from multigrain.catalog.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite cannot alter a table in place
)
with context.begin_transaction():
    context.run_migrations()
