"""People and shops whom operators keep out."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0009"
down_revision = "0008"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.add_column("businesses", sa.Column("suspended_at", _INT, nullable=True))
    op.create_table(
        "identity_suspensions",
        sa.Column("user_id", schema.Id(), nullable=False),
        sa.Column("suspended_at", _INT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("lifted_at", _INT, nullable=True),
        sa.Column("lifted_by", schema.Id(), nullable=True),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL)",
            name=op.f("ck_identity_suspensions_lifted"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["identity_users.id"], name=op.f("fk_identity_suspensions_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "suspended_at", name=op.f("pk_identity_suspensions")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_identity_suspensions_current",
        "identity_suspensions",
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
