"""Alembic's entry point. It works on the connection it is given, in the caller's transaction."""

from alembic import context

from privacy_svc.db.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
