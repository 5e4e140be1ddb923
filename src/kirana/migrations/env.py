"""Alembic's entry: runs the migrations in one transaction each, on either database."""

from typing import Any, Literal

from alembic import context

from kirana.app import schema
from kirana.platform.db.schema import Bool, Id, Json


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """How a new migration spells our column types."""
    if kind == "type" and isinstance(item, Id | Bool | Json):
        return f"schema.{type(item).__name__}()"
    return False


with context.config.attributes["engine"].connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=schema.metadata,
        render_item=render_item,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
