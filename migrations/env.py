"""Alembic's door: the connection comes from `webapp.db.upgrade`."""

from alembic import context

from webapp.reminders.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
