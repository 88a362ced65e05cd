"""Migrations of either side: the command line hands over the connection and the side's models."""

from __future__ import annotations

from alembic import context

configuration = context.config


def run() -> None:
    connection = configuration.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=configuration.attributes["metadata"],
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=False,
    )
    context.run_migrations()


run()
