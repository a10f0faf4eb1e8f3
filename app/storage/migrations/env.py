"""Alembic's entry: runs the migrations on the connection that app.storage.migrate hands over."""

from alembic import context

from app.storage.postgres import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
