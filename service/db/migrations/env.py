"""What Alembic runs: the migrations, on the connection it was handed."""

from alembic import context

from service.db.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
