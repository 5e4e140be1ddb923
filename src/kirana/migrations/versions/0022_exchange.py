"""Fees for sales, rates of exchange and quotes."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0022"
down_revision = "0020"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
_MOST = 2**53 - 1


def upgrade() -> None:
    op.create_table(
        "money_fees",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("sale", sa.Text(), nullable=False),
        sa.Column("fixed_minor", _INT, nullable=False),
        sa.Column("ppm", _INT, nullable=False),
        sa.Column("low_minor", _INT, nullable=False),
        sa.Column("high_minor", _INT, nullable=True),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.CheckConstraint("sale IN ('wallet', 'card')", name=op.f("ck_money_fees_sale")),
        sa.CheckConstraint(
            f"fixed_minor BETWEEN 0 AND {_MOST}", name=op.f("ck_money_fees_fixed_minor")
        ),
        sa.CheckConstraint("ppm BETWEEN 0 AND 1000000", name=op.f("ck_money_fees_ppm")),
        sa.CheckConstraint(
            f"low_minor BETWEEN 0 AND {_MOST}", name=op.f("ck_money_fees_low_minor")
        ),
        sa.CheckConstraint(
            f"high_minor BETWEEN 0 AND {_MOST}", name=op.f("ck_money_fees_high_minor")
        ),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_fees_currency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_fees")),
        sqlite_strict=True,
    )
    op.create_index("ix_money_fees_currency", "money_fees", ["currency", "sale", "at"])
    op.create_table(
        "money_rates",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("pay_currency", sa.Text(), nullable=False),
        sa.Column("get_currency", sa.Text(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=True),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.CheckConstraint(
            "pay_currency <> get_currency", name=op.f("ck_money_rates_two_currencies")
        ),
        sa.ForeignKeyConstraint(
            ["get_currency"], ["money_currencies.code"], name=op.f("fk_money_rates_get_currency")
        ),
        sa.ForeignKeyConstraint(
            ["pay_currency"], ["money_currencies.code"], name=op.f("fk_money_rates_pay_currency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_rates")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_money_rates_pay_currency", "money_rates", ["pay_currency", "get_currency", "at"]
    )
    op.create_table(
        "money_exchange_limits",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("most_minor", _INT, nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.CheckConstraint(
            f"most_minor BETWEEN 0 AND {_MOST}", name=op.f("ck_money_exchange_limits_most_minor")
        ),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_exchange_limits_currency")
        ),
        sa.PrimaryKeyConstraint("currency", name=op.f("pk_money_exchange_limits")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_quotes",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("pay_minor", _INT, nullable=False),
        sa.Column("pay_currency", sa.Text(), nullable=False),
        sa.Column("get_minor", _INT, nullable=False),
        sa.Column("get_currency", sa.Text(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("expires_at", _INT, nullable=False),
        sa.Column("transfer_id", schema.Id(), nullable=True),
        sa.CheckConstraint(
            f"pay_minor BETWEEN 1 AND {_MOST}", name=op.f("ck_money_quotes_pay_minor")
        ),
        sa.CheckConstraint(
            f"get_minor BETWEEN 1 AND {_MOST}", name=op.f("ck_money_quotes_get_minor")
        ),
        sa.ForeignKeyConstraint(
            ["get_currency"], ["money_currencies.code"], name=op.f("fk_money_quotes_get_currency")
        ),
        sa.ForeignKeyConstraint(
            ["pay_currency"], ["money_currencies.code"], name=op.f("fk_money_quotes_pay_currency")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["money_owners.id"], name=op.f("fk_money_quotes_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["money_transfers.id"], name=op.f("fk_money_quotes_transfer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_quotes")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_money_quotes_transfer_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_money_quotes_owner_id", "money_quotes", ["owner_id", "expires_at"])
