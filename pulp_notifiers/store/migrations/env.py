"""Runs migrations on the connection and in the transaction of :meth:`Store.upgrade`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
