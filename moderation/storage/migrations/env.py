"""Where Alembic starts: on the connection, already in a transaction, that ``migrations.upgrade`` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
context.run_migrations()
