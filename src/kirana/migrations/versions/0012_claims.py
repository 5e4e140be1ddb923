"""What payers say they paid from their own bank."""

import sqlalchemy as sa
from alembic import op

from kirana.platform.db import schema

revision = "0012"
down_revision = "0011"

_INT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "money_claims",
        sa.Column("transfer_id", schema.Id(), nullable=False),
        sa.Column("request_id", schema.Id(), nullable=False),
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("address_id", schema.Id(), nullable=False),
        sa.Column("bank_ref", sa.Text(), nullable=True),
        sa.Column("confirmed_at", _INT, nullable=True),
        sa.Column("fp", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["money_requests.id"], name=op.f("fk_money_claims_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["money_transfers.id"], name=op.f("fk_money_claims_transfer_id")
        ),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_money_claims")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_money_claims_request_id"), "money_claims", ["request_id"])
    op.create_index(
        "uq_money_claims_bank_ref",
        "money_claims",
        ["rail", "bank_ref"],
        unique=True,
        sqlite_where=sa.text("confirmed_at IS NOT NULL"),
        postgresql_where=sa.text("confirmed_at IS NOT NULL"),
    )
