"""Payments that were refused for a name on the operators' list."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0030"
down_revision = "0029"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
_MOST = 2**53 - 1


def upgrade() -> None:
    op.create_table(
        "money_refused_payments",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("payer_id", schema.Id(), nullable=False),
        sa.Column("payee_id", schema.Id(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", _INT, nullable=False),
        sa.Column("names", schema.Json(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.CheckConstraint(
            f"amount_minor BETWEEN 1 AND {_MOST}",
            name=op.f("ck_money_refused_payments_amount_minor"),
        ),
        sa.CheckConstraint(
            "what IN ('order', 'coming', 'request', 'link', 'top_up', 'exchange', 'payout')",
            name=op.f("ck_money_refused_payments_what"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_refused_payments")),
        sqlite_strict=True,
    )
    op.create_index("ix_money_refused_payments_at", "money_refused_payments", ["at"], unique=False)
