"""What banks say: files that were read, their lines, and which transfers those are."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0013"
down_revision = "0012"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "money_bank_imports",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("line_count", _INT, nullable=False),
        sa.Column("payment_count", _INT, nullable=False),
        sa.Column("from_on", sa.Text(), nullable=True),
        sa.Column("to_on", sa.Text(), nullable=True),
        sa.Column("warnings", schema.Json(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("created_at", _INT, nullable=False),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["money_owners.id"], name=op.f("fk_money_bank_imports_owner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_bank_imports")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_money_bank_imports_owner_id", "money_bank_imports", ["owner_id", "created_at"]
    )
    op.create_table(
        "money_bank_columns",
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("columns", schema.Json(), nullable=False),
        sa.Column("changed_at", _INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["money_owners.id"], name=op.f("fk_money_bank_columns_owner_id")
        ),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_money_bank_columns")),
        sqlite_strict=True,
    )
    op.create_table(
        "money_bank_lines",
        sa.Column("id", schema.Id(), nullable=False),
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("import_id", schema.Id(), nullable=False),
        sa.Column("line_hash", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Text(), nullable=False),
        sa.Column("value_on", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", _INT, nullable=False),
        sa.Column("end_to_end_id", sa.Text(), nullable=True),
        sa.Column("other_references", schema.Json(), nullable=False),
        sa.Column("bank_reference", sa.Text(), nullable=True),
        sa.Column("counterparty", sa.Text(), nullable=True),
        sa.Column("counterparty_account", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_reversal", schema.Bool(), nullable=False),
        sa.Column("request_id", schema.Id(), nullable=True),
        sa.Column("matched_minor", _INT, nullable=False),
        sa.Column("put_away", sa.Text(), nullable=True),
        sa.Column("put_away_by", schema.Id(), nullable=True),
        sa.Column("put_away_at", _INT, nullable=True),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_money_bank_lines_currency")),
        sa.CheckConstraint(
            "matched_minor = 0 OR matched_minor BETWEEN 1 AND amount_minor",
            name=op.f("ck_money_bank_lines_matched_minor"),
        ),
        sa.CheckConstraint(
            "put_away IN ('set_aside', 'duplicate')", name=op.f("ck_money_bank_lines_put_away")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["money_bank_imports.id"], name=op.f("fk_money_bank_lines_import_id")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["money_owners.id"], name=op.f("fk_money_bank_lines_owner_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["money_requests.id"], name=op.f("fk_money_bank_lines_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_bank_lines")),
        sa.UniqueConstraint(
            "owner_id", "line_hash", name=op.f("uq_money_bank_lines_owner_id_line_hash")
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_money_bank_lines_import_id"), "money_bank_lines", ["import_id"])
    op.create_index(
        "ix_money_bank_lines_owner_id", "money_bank_lines", ["owner_id", "booked_on", "id"]
    )
    op.create_index(
        "ix_money_bank_lines_request_id",
        "money_bank_lines",
        ["request_id"],
        sqlite_where=sa.text("request_id IS NOT NULL"),
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_table(
        "money_matches",
        sa.Column("line_id", schema.Id(), nullable=False),
        sa.Column("transfer_id", schema.Id(), nullable=False),
        sa.Column("request_id", schema.Id(), nullable=False),
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("amount_minor", _INT, nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("act_id", schema.Id(), nullable=False),
        sa.Column("by_id", schema.Id(), nullable=False),
        sa.Column("at", _INT, nullable=False),
        sa.CheckConstraint(
            "amount_minor BETWEEN 1 AND 9007199254740991",
            name=op.f("ck_money_matches_amount_minor"),
        ),
        sa.CheckConstraint(
            "how IN ('reference', 'bank_reference', 'owner')", name=op.f("ck_money_matches_how")
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["money_bank_lines.id"], name=op.f("fk_money_matches_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["money_requests.id"], name=op.f("fk_money_matches_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["money_transfers.id"], name=op.f("fk_money_matches_transfer_id")
        ),
        sa.PrimaryKeyConstraint("line_id", "transfer_id", "act_id", name=op.f("pk_money_matches")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_money_matches_transfer_id"), "money_matches", ["transfer_id"])
    op.create_index(op.f("ix_money_matches_act_id"), "money_matches", ["act_id"])
    op.create_table(
        "money_bank_days",
        sa.Column("owner_id", schema.Id(), nullable=False),
        sa.Column("booked_on", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("line_count", _INT, nullable=False),
        sa.Column("unexplained_count", _INT, nullable=False),
        sa.Column("unexplained_minor", _INT, nullable=False),
        sa.Column("closed_at", _INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["money_owners.id"], name=op.f("fk_money_bank_days_owner_id")
        ),
        sa.PrimaryKeyConstraint(
            "owner_id", "booked_on", "currency", name=op.f("pk_money_bank_days")
        ),
        sqlite_strict=True,
    )
