"""Pay-outs by bank file: what is paid where, in which file, and what came of it."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0027"
down_revision = "0026"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
_MOST = 2**53 - 1


def upgrade() -> None:
    op.create_table(
        "money_payout_rules",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("cooling_hours", _INT, nullable=False),
        sa.Column("second_above_minor", _INT, nullable=True),
        sa.Column("account", schema.Json(), nullable=True),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.CheckConstraint(
            "cooling_hours BETWEEN 0 AND 720", name=op.f("ck_money_payout_rules_cooling_hours")
        ),
        sa.CheckConstraint(
            f"second_above_minor BETWEEN 0 AND {_MOST}",
            name=op.f("ck_money_payout_rules_second_above_minor"),
        ),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_payout_rules_currency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_payout_rules")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_money_payout_rules_currency", "money_payout_rules", ["currency", "at"], unique=False
    )
    op.create_table(
        "money_payout_files",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("payout_count", _INT, nullable=False),
        sa.Column("total_minor", _INT, nullable=False),
        sa.Column("account", schema.Json(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("sent_at", _INT, nullable=True),
        sa.Column("sent_by", schema.Id(), nullable=True),
        sa.CheckConstraint(
            "format IN ('pain.001', 'csv')", name=op.f("ck_money_payout_files_format")
        ),
        sa.CheckConstraint("payout_count > 0", name=op.f("ck_money_payout_files_payout_count")),
        sa.CheckConstraint(
            "(sent_at IS NULL) = (sent_by IS NULL)", name=op.f("ck_money_payout_files_sent")
        ),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_payout_files_currency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_payout_files")),
        sa.UniqueConstraint("currency", "day", name=op.f("uq_money_payout_files_currency_day")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_payouts",
        sa.Column("transfer_id", schema.Id(), nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", _INT, nullable=False),
        sa.Column("rail", sa.Text(), nullable=True),
        sa.Column("details", schema.Json(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("approvals", _INT, nullable=False),
        sa.Column("file_id", schema.Id(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attention", sa.Text(), nullable=True),
        sa.Column("line_id", schema.Id(), nullable=True),
        sa.Column("return_line_id", schema.Id(), nullable=True),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("changed_at", _INT, nullable=False),
        sa.CheckConstraint(
            f"amount_minor BETWEEN 1 AND {_MOST}", name=op.f("ck_money_payouts_amount_minor")
        ),
        sa.CheckConstraint(
            "(rail IS NULL) = (reference IS NULL)", name=op.f("ck_money_payouts_reference")
        ),
        sa.CheckConstraint("approvals IN (0, 2)", name=op.f("ck_money_payouts_approvals")),
        sa.CheckConstraint(
            "state IN ('asked', 'sent', 'arrived', 'came_back', 'taken_back')",
            name=op.f("ck_money_payouts_state"),
        ),
        sa.CheckConstraint(
            "file_id IS NULL OR rail IS NOT NULL", name=op.f("ck_money_payouts_in_a_file_by_rail")
        ),
        sa.ForeignKeyConstraint(
            ["currency"], ["money_currencies.code"], name=op.f("fk_money_payouts_currency")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["money_payout_files.id"], name=op.f("fk_money_payouts_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["money_transfers.id"], name=op.f("fk_money_payouts_transfer_id")
        ),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_money_payouts")),
        sa.UniqueConstraint("line_id", name=op.f("uq_money_payouts_line_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_money_payouts_reference")),
        sa.UniqueConstraint("return_line_id", name=op.f("uq_money_payouts_return_line_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_money_payouts_file_id"), "money_payouts", ["file_id"], unique=False)
    op.create_index(
        "ix_money_payouts_owner_id", "money_payouts", ["owner_id", "created_at"], unique=False
    )
    under_way = sa.text("state IN ('asked', 'sent') OR attention IS NOT NULL")
    op.create_index(
        "ix_money_payouts_under_way",
        "money_payouts",
        ["created_at"],
        unique=False,
        sqlite_where=under_way,
        postgresql_where=under_way,
    )
    op.create_table(
        "money_payout_votes",
        sa.Column("payout_id", schema.Id(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["payout_id"],
            ["money_payouts.transfer_id"],
            name=op.f("fk_money_payout_votes_payout_id"),
        ),
        sa.PrimaryKeyConstraint("payout_id", "by_id", name=op.f("pk_money_payout_votes")),
        sqlite_strict=True,
    )
    # Those of before were all handed over by the operator.
    op.execute(
        "INSERT INTO money_payouts (transfer_id, owner_id, currency, amount_minor, approvals,"
        " state, by_id, created_at, changed_at)"
        " SELECT asked.id, payers.owner_id, substr(asked.ledger_id, 1, 3), asked.amount_minor, 0,"
        " CASE holds.state WHEN 'open' THEN 'asked' WHEN 'posted' THEN 'arrived'"
        " ELSE 'came_back' END, asked.by_id, asked.created_at, asked.created_at"
        " FROM money_transfers AS asked"
        " JOIN money_holds AS holds ON holds.id = asked.id"
        " JOIN money_accounts AS payers ON payers.id = asked.debit_id"
        " WHERE asked.kind = 'pending' AND asked.purpose = 'payout'"
    )
