"""Pinned conversations; why somebody reports something, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.add_column("chat_members", sa.Column("pinned_at", _INT, nullable=True))
    op.add_column("chat_reports", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("chat_reports", sa.Column("closed_at", _INT, nullable=True))
    op.add_column("chat_reports", sa.Column("closing_note", sa.Text(), nullable=True))
