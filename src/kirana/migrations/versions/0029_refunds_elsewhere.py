"""Refunds that were made at the provider's own desk: whose money operators say that it was."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0029"
down_revision = "0027"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "money_rail_settlements",
        sa.Column("payment_id", schema.Id(), nullable=False),
        sa.Column("bearer", sa.Text(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.Column("agreed_by", schema.Id(), nullable=True),
        sa.Column("settled_at", _INT, nullable=True),
        sa.Column("given_back_minor", _INT, nullable=False),
        sa.Column("undone_at", _INT, nullable=True),
        sa.CheckConstraint(
            "bearer IN ('payee', 'operator')", name=op.f("ck_money_rail_settlements_bearer")
        ),
        sa.CheckConstraint("agreed_by <> by_id", name=op.f("ck_money_rail_settlements_agreed_by")),
        sa.CheckConstraint(
            "given_back_minor >= 0", name=op.f("ck_money_rail_settlements_given_back_minor")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["money_rail_payments.id"],
            name=op.f("fk_money_rail_settlements_payment_id"),
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_money_rail_settlements")),
        sqlite_strict=True,
    )
    foreign = sa.text("verdict = 'foreign'")
    op.create_index(
        "ix_money_rail_lines_foreign",
        "money_rail_lines",
        ["source_id"],
        unique=False,
        sqlite_where=foreign,
        postgresql_where=foreign,
    )
