"""What the operator allows, how much of it is used, and whose payments are stopped."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0014"
down_revision = "0013"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
_MOST = 2**53 - 1


def upgrade() -> None:
    op.add_column("money_owners", sa.Column("zone_at", _INT, nullable=True))
    op.add_column("identity_pins", sa.Column("reset_at", _INT, nullable=True))
    op.create_table(
        "money_limits",
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.Column("max_minor", _INT, nullable=True),
        sa.Column("max_count", _INT, nullable=True),
        sa.Column("hours", _INT, nullable=True),
        sa.CheckConstraint(
            "action IN ('send', 'receive', 'top_up', 'pay_out', 'hold_cash', 'confirm')",
            name=op.f("ck_money_limits_action"),
        ),
        sa.CheckConstraint(
            "\"window\" IN ('transfer', 'day', 'month', 'year', 'balance', 'new_payee')",
            name=op.f("ck_money_limits_window"),
        ),
        sa.CheckConstraint(
            f"max_minor BETWEEN 0 AND {_MOST}", name=op.f("ck_money_limits_max_minor")
        ),
        sa.CheckConstraint("max_count >= 0", name=op.f("ck_money_limits_max_count")),
        sa.CheckConstraint("hours BETWEEN 1 AND 8784", name=op.f("ck_money_limits_hours")),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_limits_currency")
        ),
        sa.PrimaryKeyConstraint(
            "tier", "currency", "action", "window", name=op.f("pk_money_limits")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "money_limit_changes",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("preset", sa.Text(), nullable=True),
        sa.Column("rules", schema.Json(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_limit_changes_currency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_limit_changes")),
        sqlite_strict=True,
    )
    op.create_index("ix_money_limit_changes_currency", "money_limit_changes", ["currency", "at"])
    op.create_table(
        "money_usages",
        sa.Column("account_id", schema.Id(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        *(
            sa.Column(f"{window}_{part}", _INT, nullable=False)
            for window in ("day", "month", "year")
            for part in ("start", "minor", "times")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["money_accounts.id"], name=op.f("fk_money_usages_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "action", name=op.f("pk_money_usages")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_payees",
        sa.Column("account_id", schema.Id(), nullable=False),
        sa.Column("payee_id", schema.Id(), nullable=False),
        sa.Column("first_at", _INT, nullable=False),
        sa.Column("until", _INT, nullable=False),
        sa.Column("minor", _INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["money_accounts.id"], name=op.f("fk_money_payees_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["payee_id"], ["money_accounts.id"], name=op.f("fk_money_payees_payee_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "payee_id", name=op.f("pk_money_payees")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_waived",
        sa.Column("transfer_id", schema.Id(), nullable=False),
        sa.Column("account_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.Column("amount_minor", _INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["money_accounts.id"], name=op.f("fk_money_waived_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["money_transfers.id"], name=op.f("fk_money_waived_transfer_id")
        ),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_money_waived")),
        sqlite_strict=True,
    )
    op.create_index("ix_money_waived_account_id", "money_waived", ["account_id", "at"])
    op.create_table(
        "money_freezes",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("stops_out", schema.Bool(), nullable=False),
        sa.Column("stops_in", schema.Bool(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_freezes")),
        sqlite_strict=True,
    )
    op.create_index("ix_money_freezes_owner_id", "money_freezes", ["owner_id", "at"])
