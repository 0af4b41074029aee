"""Alembic's entry: migrates over the connection that `Database.upgrade` hands in."""

from alembic import context
from sqlmodel import SQLModel

import app.records  # noqa: F401 - fills SQLModel.metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
context.run_migrations()
