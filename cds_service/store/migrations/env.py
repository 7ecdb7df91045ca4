"""Where Alembic runs the steps: on the connection that `cds_service.store.migrate` gives it."""

from alembic import context

from cds_service.store.tables import STORE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=STORE,
    render_as_batch=True,  # SQLite cannot alter a table in place
    version_table="store_version",
)
with context.begin_transaction():
    context.run_migrations()
