"""What a provider says of the money it holds for us: its fees, and its payouts to the bank."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0016"
down_revision = "0015"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "money_rail_lines",
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", _INT, nullable=False),
        sa.Column("fee_minor", _INT, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("payment_id", schema.Id(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.Column("noted_at", _INT, nullable=False),
        sa.CheckConstraint(
            "verdict IN ('waits', 'known', 'cost', 'payout', 'foreign', 'other_currency')",
            name=op.f("ck_money_rail_lines_verdict"),
        ),
        sa.PrimaryKeyConstraint("rail", "external_id", name=op.f("pk_money_rail_lines")),
        sqlite_strict=True,
    )
    op.create_index("ix_money_rail_lines_at", "money_rail_lines", ["rail", "at"], unique=False)
    op.create_index(
        "ix_money_rail_lines_waits",
        "money_rail_lines",
        ["at"],
        unique=False,
        sqlite_where=sa.text("verdict = 'waits'"),
        postgresql_where=sa.text("verdict = 'waits'"),
    )
    op.create_table(
        "money_rail_payouts",
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", _INT, nullable=False),
        sa.Column("told", _INT, nullable=False),
        sa.Column("booked", _INT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("noted_at", _INT, nullable=False),
        sa.Column("changed_at", _INT, nullable=False),
        sa.PrimaryKeyConstraint("rail", "external_id", name=op.f("pk_money_rail_payouts")),
        sqlite_strict=True,
    )
    op.add_column("money_rails", sa.Column("read_at", _INT, nullable=True))
