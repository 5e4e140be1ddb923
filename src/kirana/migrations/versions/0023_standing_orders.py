"""Payments that come by themselves."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0023"
down_revision = "0022"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "money_standing_orders",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("payer_id", schema.Id(), nullable=False),
        sa.Column("payee_id", schema.Id(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", _INT, nullable=False),
        sa.Column("rhythm", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Text(), nullable=False),
        sa.Column("ends_after", _INT, nullable=True),
        sa.Column("ends_on", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", _INT, nullable=False),
        sa.Column("tries", _INT, nullable=False),
        sa.Column("next_on", sa.Text(), nullable=True),
        sa.Column("next_at", _INT, nullable=True),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "amount_minor BETWEEN 1 AND 9007199254740991",
            name=op.f("ck_money_standing_orders_amount_minor"),
        ),
        sa.CheckConstraint(
            "rhythm IN ('once', 'week', 'month')", name=op.f("ck_money_standing_orders_rhythm")
        ),
        sa.CheckConstraint(
            "state IN ('active', 'paused', 'ended')", name=op.f("ck_money_standing_orders_state")
        ),
        sa.CheckConstraint(
            "(state = 'active') = (next_at IS NOT NULL)",
            name=op.f("ck_money_standing_orders_next_when_active"),
        ),
        sa.CheckConstraint(
            "ends_after BETWEEN 1 AND 1000", name=op.f("ck_money_standing_orders_ends_after")
        ),
        sa.ForeignKeyConstraint(
            ["currency"],
            ["money_currencies.code"],
            name=op.f("fk_money_standing_orders_currency"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_standing_orders")),
        sqlite_strict=True,
    )
    op.create_index("ix_money_standing_orders_payer_id", "money_standing_orders", ["payer_id"])
    op.create_index(
        "ix_money_standing_orders_next_at",
        "money_standing_orders",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_table(
        "money_standing_runs",
        sa.Column("order_id", schema.Id(), nullable=False),
        sa.Column("number", _INT, nullable=False),
        sa.Column("attempt", _INT, nullable=False),
        sa.Column("due_on", sa.Text(), nullable=False),
        sa.Column("transfer_id", schema.Id(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("at", _INT, nullable=False),
        sa.CheckConstraint("attempt IN (0, 1)", name=op.f("ck_money_standing_runs_attempt")),
        sa.CheckConstraint(
            "(transfer_id IS NULL) = (problem IS NOT NULL)",
            name=op.f("ck_money_standing_runs_paid_or_why_not"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["money_standing_orders.id"],
            name=op.f("fk_money_standing_runs_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["money_transfers.id"],
            name=op.f("fk_money_standing_runs_transfer_id"),
        ),
        sa.PrimaryKeyConstraint(
            "order_id", "number", "attempt", name=op.f("pk_money_standing_runs")
        ),
        sqlite_strict=True,
    )
