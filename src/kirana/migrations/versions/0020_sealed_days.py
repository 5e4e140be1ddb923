"""On which days the books were gone through, what was found, and the head that was published."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0020"
down_revision = "0018"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "money_sealed_days",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("head", schema.Json(), nullable=False),
        sa.Column("findings", _INT, nullable=False),
        sa.Column("first", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_money_sealed_days")),
        sqlite_strict=True,
    )
