"""What people are told by itself, outside of their conversations."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0026"
down_revision = "0025"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", schema.Id(), nullable=False),
        sa.Column("other_id", schema.Id(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("amount_minor", _INT, nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("seen_at", _INT, nullable=True),
        sa.CheckConstraint(
            "(currency IS NULL) = (amount_minor IS NULL)", name=op.f("ck_notices_amount")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_notices_user_id"), "notices", ["user_id", "created_at"])
    op.create_index(op.f("ix_notices_subject_id"), "notices", ["subject_id"])
